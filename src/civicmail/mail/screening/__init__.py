"""What is in a message: one file per check, each giving findings with evidence. Knows no city rule and decides nothing.

message_reader.py  in a sandboxed process: hostile bytes become plain values, with the checks that need the bytes
screener.py        in the gateway: asks that process, then DNS, clamd and others side by side, each within its time
"""
