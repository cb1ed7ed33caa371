{{- define "retail.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* Of a component: what a selector of it looks at, which an upgrade must not change. */ -}}
{{- define "retail.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "retail.labels" -}}
{{ include "retail.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | quote }}
{{- end -}}

{{- define "retail.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "retail.claim" -}}
{{ .Values.workspace.existingClaim | default (printf "%s-workspace" (include "retail.name" .)) }}
{{- end -}}

{{- define "retail.workspace" -}}
{{ .Values.workspace.mountPath }}/{{ .Values.workspace.folder }}
{{- end -}}

{{- /* What every pod has: Pod Security "restricted" asks for it. */ -}}
{{- define "retail.pod" -}}
automountServiceAccountToken: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.pod.user }}
  runAsGroup: {{ .Values.pod.user }}
  fsGroup: {{ .Values.pod.user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "retail.container" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{- /* Variables of the product's own containers. */ -}}
{{- define "retail.environment" -}}
- name: HOME
  value: /tmp
{{- if not .Values.database.embedded }}
- name: PGSSLMODE
  value: {{ .Values.database.sslMode }}
{{- end }}
{{- if .Values.database.certificates }}
- name: PGSSLROOTCERT
  value: /etc/retail/certificates/ca.crt
{{- end }}
{{- range $name, $value := .Values.environment }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "retail.check" -}}
{{- if and (not .Values.database.embedded) (not .Values.configuration.database_url) -}}
{{- fail "configuration.database_url: name the PostgreSQL database, or set database.embedded for one in the workspace (one machine only)" -}}
{{- end -}}
{{- if and .Values.database.embedded .Values.configuration.database_url -}}
{{- fail "database.embedded and configuration.database_url: give one of the two" -}}
{{- end -}}
{{- if and (not .Values.database.embedded) (hasPrefix "verify-" .Values.database.sslMode) (not .Values.database.certificates) -}}
{{- fail "database.certificates: name the ConfigMap whose ca.crt the database's certificate is checked by" -}}
{{- end -}}
{{- if and .Values.serving.enabled (not .Values.serving.tokenSecret) -}}
{{- fail "serving.tokenSecret: name the Secret whose key token holds what callers must send" -}}
{{- end -}}
{{- if and .Values.ingress.host (not .Values.ingress.tlsSecret) -}}
{{- fail "ingress.tlsSecret: name the Secret with the certificate of ingress.host; there is no plain way in" -}}
{{- end -}}
{{- end -}}
