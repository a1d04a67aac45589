"""What others tell of mail in our name: DMARC aggregate reports (RFC 9990) and SMTP TLS reports (RFC 8460).

shapes.py is what a report says; aggregate.py and tls.py read one; unpacking.py finds it in a file (gzip, zip, a message with it);
worker.py is the limited process in which all of that happens, sandbox.py asks it; summary.py adds reports up.
"""
