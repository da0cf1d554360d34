"""What a room tells by MQTT. It tells only: nothing that comes in has any effect."""
