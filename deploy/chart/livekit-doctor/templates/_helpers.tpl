{{- define "livekit-doctor.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 42 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 42 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 42 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "livekit-doctor.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "livekit-doctor.labels" -}}
{{ include "livekit-doctor.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "livekit-doctor.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "livekit-doctor.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "livekit-doctor.configMapName" -}}
{{- if .Values.existingConfigMap -}}
{{- .Values.existingConfigMap -}}
{{- else -}}
{{- include "livekit-doctor.fullname" . -}}
{{- end -}}
{{- end -}}

{{- define "livekit-doctor.image" -}}
{{- $repository := required "image.repository is needed: build deploy/Containerfile, push it to a registry of yours, and name it" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The namespaces that are claimed to hold a LiveKit, with commas: those whose API the pods' own account asks. */}}
{{- define "livekit-doctor.claimed" -}}
{{- $found := .Values.rbac.namespaces -}}
{{- $config := .Values.config | default dict -}}
{{- $usual := ((($config.defaults | default dict).claims | default dict).kubernetes | default dict).namespace | default "livekit" -}}
{{- $all := concat (list ($config.defaults | default dict)) (values ($config.environments | default dict)) -}}
{{- range $all -}}
{{- $claims := (. | default dict).claims | default dict -}}
{{- if hasKey $claims "kubernetes" -}}
{{- $cluster := $claims.kubernetes | default dict -}}
{{- if not (or $cluster.kubeconfig $cluster.context) -}}
{{- $found = append $found ($cluster.namespace | default $usual) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $found | uniq | sortAlpha | join "," -}}
{{- end -}}

{{/*
What is the same in all pods. Of a dict with `root`, `component`, `args`, `restartPolicy`; and, where they are
needed, `env`, `mounts`, `volumes`, `ports`, `probes`, `spread`.
*/}}
{{- define "livekit-doctor.podLabels" -}}
{{ include "livekit-doctor.selector" .root }}
app.kubernetes.io/component: {{ .component }}
{{- with .root.Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "livekit-doctor.podAnnotations" -}}
checksum/config: {{ toYaml .root.Values.config | sha256sum }}
{{- with .root.Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "livekit-doctor.podSpec" -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ include "livekit-doctor.serviceAccountName" .root }}
automountServiceAccountToken: {{ ne (include "livekit-doctor.claimed" .root) "" }}
enableServiceLinks: false
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
restartPolicy: {{ .restartPolicy }}
terminationGracePeriodSeconds: 30
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ $values.runAsUser }}
  runAsGroup: {{ $values.runAsUser }}
  fsGroup: {{ $values.runAsUser }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
containers:
  - name: livekit-doctor
    image: {{ include "livekit-doctor.image" .root | quote }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args:
      {{- toYaml .args | nindent 6 }}
    env:
      - { name: HOME, value: /home/doctor }
      - { name: TMPDIR, value: /tmp }
      {{- range $name, $from := $values.secrets }}
      - name: {{ $name }}
        valueFrom: { secretKeyRef: { name: {{ $from.name | quote }}, key: {{ $from.key | quote }} } }
      {{- end }}
      {{- with .env }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- with $values.env }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- with .ports }}
    ports:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with .probes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    resources:
      {{- toYaml $values.resources | nindent 6 }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    volumeMounts:
      - { name: config, mountPath: /config, readOnly: true }
      - { name: tmp, mountPath: /tmp }
      - { name: home, mountPath: /home/doctor }
      {{- with .mounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: config
    projected:
      sources:
        - configMap:
            name: {{ include "livekit-doctor.configMapName" .root }}
            items: [{ key: livekit-doctor.yaml, path: livekit-doctor.yaml }]
        {{- range $values.files }}
        - {{ if .secret }}secret{{ else }}configMap{{ end }}:
            name: {{ .secret | default .configMap | quote }}
            items: [{ key: {{ .key | quote }}, path: {{ .path | quote }} }]
        {{- end }}
  - { name: tmp, emptyDir: { sizeLimit: 1Gi } }
  - { name: home, emptyDir: { sizeLimit: 256Mi } }
  {{- with .volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .spread }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
