{{- define "regatta.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels that never change: what selectors ask for. Takes a dict of root and component. */}}
{{- define "regatta.selector" -}}
app.kubernetes.io/name: regatta
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "regatta.labels" -}}
{{ include "regatta.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{- define "regatta.bucketsClaim" -}}
{{- .Values.buckets.existingClaim | default (printf "%s-buckets" (include "regatta.name" .)) -}}
{{- end -}}

{{/* What all pods are alike in. Takes a dict: root, component, command, resources, region (or ""), listens, buckets. */}}
{{- define "regatta.pod" -}}
{{- $root := .root -}}
metadata:
  labels:
    {{- include "regatta.labels" . | nindent 4 }}
  annotations:
    checksum/config: {{ include (print $root.Template.BasePath "/configmap.yaml") $root | sha256sum }}
    {{- with $root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false # Kubernetes would set variables of its own, such as OPS_PORT for a service named "ops".
  terminationGracePeriodSeconds: {{ add $root.Values.drainSeconds 20 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: { type: RuntimeDefault }
  {{- with $root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "regatta.selector" . | nindent 10 }}
  containers:
    - name: {{ .command }}
      image: "{{ $root.Values.image.repository }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}"
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [{{ .command | quote }}]
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      envFrom:
        - configMapRef:
            name: {{ include "regatta.name" $root }}
        - secretRef:
            name: {{ required "existingSecret is required: a Secret with DATABASE_URL and REGATTA_SECRET_KEY" $root.Values.existingSecret }}
      env:
        {{- with .region }}
        - { name: REGATTA_REGION, value: {{ . | quote }} }
        {{- end }}
        {{- if .listens }}
        - { name: HTTP_PORT, value: '8080' }
        {{- if $root.Values.tlsSecret }}
        - { name: HTTPS_PORT, value: '8443' }
        - { name: TLS_CERT_FILE, value: /etc/regatta/tls/tls.crt }
        - { name: TLS_KEY_FILE, value: /etc/regatta/tls/tls.key }
        {{- end }}
        {{- end }}
        {{- with $root.Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - { name: ops, containerPort: 9464 }
        {{- if .listens }}
        - { name: http, containerPort: 8080 }
        {{- if $root.Values.tlsSecret }}
        - { name: https, containerPort: 8443 }
        {{- end }}
        {{- end }}
      startupProbe:
        httpGet: { path: /startupz, port: ops }
        periodSeconds: 2
        failureThreshold: 90
      livenessProbe:
        httpGet: { path: /livez, port: ops }
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      readinessProbe:
        httpGet: { path: /readyz, port: ops }
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      resources:
        {{- toYaml .resources | nindent 8 }}
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        {{- if .buckets }}
        - { name: buckets, mountPath: /var/lib/regatta/buckets }
        {{- end }}
        {{- if and .listens $root.Values.tlsSecret }}
        - { name: tls, mountPath: /etc/regatta/tls, readOnly: true }
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    {{- if .buckets }}
    - name: buckets
      persistentVolumeClaim:
        claimName: {{ include "regatta.bucketsClaim" $root }}
    {{- end }}
    {{- if and .listens $root.Values.tlsSecret }}
    - name: tls
      secret:
        secretName: {{ $root.Values.tlsSecret }}
        defaultMode: 0440
    {{- end }}
{{- end -}}

{{/* Takes what regatta.pod takes, and name and replicas. */}}
{{- define "regatta.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  labels:
    {{- include "regatta.labels" . | nindent 4 }}
spec:
  replicas: {{ .replicas }}
  revisionHistoryLimit: 5
  strategy:
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels:
      {{- include "regatta.selector" . | nindent 6 }}
  template:
    {{- include "regatta.pod" . | nindent 4 }}
{{- end -}}

{{- define "regatta.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  labels:
    {{- include "regatta.labels" . | nindent 4 }}
  {{- with .root.Values.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .root.Values.service.type }}
  selector:
    {{- include "regatta.selector" . | nindent 4 }}
  ports:
    - { name: http, port: 80, targetPort: http }
    {{- if .root.Values.tlsSecret }}
    - { name: https, port: 443, targetPort: https }
    {{- end }}
{{- end -}}

{{- define "regatta.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  labels:
    {{- include "regatta.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "regatta.selector" . | nindent 6 }}
{{- end -}}
