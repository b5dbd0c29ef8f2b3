"""Tools for the wire: read, write, record and replay messages.

`dhs decode`, `encode`, `stats`, `record` and `replay` are thin commands over these modules:

reading              any input to sightings: the messages in it, and what cannot be read
inputs, sniffing, recoding     a file or a pipe; the kind of its content; its encoding
streams, splitting   bytes into frames, with resynchronisation after damage
hexdump, jsonl, captures (pcap, segments, tcp)   one kind of input each
log_messages (log_*, stamps, unwrapping, margins)   logs of any program, pasted ones too
sightings, showing, csv_rows   the findings; how they are printed
encoding, lookup, dissector    texts and JSON Lines to bytes; the catalogue; Wireshark
statistics           counts, sizes, rates, latencies
proxy, recording, scribe   a relay between a DHS and a DCSS that writes before it sends
replaying, comparing one side of a recording played to a live peer; the answers that differ
"""
