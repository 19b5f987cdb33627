"""A data centre on one machine: sites, WAN links and hosts made of network namespaces. See README.md."""
