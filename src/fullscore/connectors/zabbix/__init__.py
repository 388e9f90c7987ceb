"""What Zabbix says about its problems."""
