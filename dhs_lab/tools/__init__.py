"""Tools for the wire: read, write, record and replay messages.

`dhs decode`, `encode`, `stats`, `record` and `replay` are thin commands over these modules:

inputs, sniffing     a file or a pipe; the kind of its content
reading              any input to sightings: the messages found in it, and what cannot be read
splitting            a byte stream into frames, with resynchronisation after damage
hexdump, log_messages, jsonl, captures (pcap, link, tcp)   one kind of input each
controls             control characters of a text: escaped, and restored
sightings, showing   the values in between; how they are printed
encoding             texts and JSON Lines to bytes
statistics           counts, sizes, rates, latencies
recording, proxy     a relay between a DHS and a DCSS that writes before it sends
replaying, comparing one side of a recording played to a live peer; the answers that differ
"""
