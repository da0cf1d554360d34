"""The process that tells by MQTT what happens in a room."""
