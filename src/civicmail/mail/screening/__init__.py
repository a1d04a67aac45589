"""What is in a message: one file per check, each giving findings with evidence. Knows no city rule and decides nothing.

message_reader.py     in a limited process: hostile bytes become plain values (Seen), with the checks that need the bytes
screen.py   in the gateway: asks that process, then DNS, clamd and others side by side, each within its budget
"""
