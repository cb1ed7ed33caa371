"""The engine that does Beam's work where that is not this machine: Apache Flink, through Beam's job server."""
