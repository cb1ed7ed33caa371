#!/bin/sh
# Makes a user of Airflow that may send events of assets and start our two DAGs, for whatever delivers data or watches.
#
#   sh deploy/airflow/service_account.sh USER < FILE_WITH_PASSWORD
#
# Needs FAB's auth manager (deploy/airflow/webserver_config.py), and both DAGs read once, since a right for one DAG can
# only be given where Airflow knows the DAG. Called again, it changes nothing. AIRFLOW names the program.
set -eu
user=${1:?"usage: service_account.sh USER, with its password on standard input"}
airflow=${AIRFLOW:-airflow}
role="Event sender"

IFS= read -r password
[ -n "$password" ] || { echo "service_account.sh: the password is empty" >&2; exit 2; }

$airflow roles create "$role"
$airflow sync-perm --include-dags
# Which assets, FAB cannot say. To start a DAG needs the right to edit it, which pausing it asks for too.
$airflow roles add-perms "$role" --resource Assets --action can_read can_create
# The list of assets asks for it too.
$airflow roles add-perms "$role" --resource "Asset Aliases" --action can_read
$airflow roles add-perms "$role" --resource DAG:training DAG:planning --action can_edit
$airflow roles add-perms "$role" --resource "DAG Run:training" "DAG Run:planning" --action can_create
# Asked for twice, on standard input and without a terminal: as an argument it would be in the list of processes.
printf '%s\n%s\n' "$password" "$password" |
    setsid $airflow users create --username "$user" --role "$role" --firstname "$user" --lastname retail \
        --email "$user@localhost"
