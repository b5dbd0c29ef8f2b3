"""Tools for the wire: reading what was said, saying it, recording it and playing it again.

`dhs decode`, `encode`, `stats`, `record` and `replay` are thin commands over these modules:

inputs, sniffing     a file or a pipe; what kind of thing it holds
reading              any input to sightings: the messages found in it, and what cannot be read
splitting            a byte stream into frames, in step again after damage
hexdump, log_messages, jsonl, captures (pcap, link, tcp)   one kind of input each
controls             control characters of a text: shown, and read back
sightings, showing   the values in between; how they are shown
encoding             texts and JSON Lines to bytes
statistics           counts, sizes, rates, latencies
recording, proxy     a relay between a DHS and a DCSS that writes first and sends then
replaying, comparing one half of a recording played at a live peer; what it answered differently
"""
