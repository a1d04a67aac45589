"""Read reports of other servers about mail in our name: DMARC aggregate reports (RFC 9990) and SMTP TLS reports (RFC 8460).

shapes.py has the content of a report; aggregate.py and tls.py parse one; unpacking.py finds it in a file (gzip, zip, a message with
it); all of this runs in sandboxed processes, and sandbox.py is their client; summary.py sums reports up.
"""
