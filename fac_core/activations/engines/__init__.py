"""Who encodes the pending shards: this process, or actors on the nodes of a cluster. The shards are the same.

spec.py            which engine, and where the shard files lie
places.py          a folder or an object store that everybody who encodes sees
shard_encoder.py   one shard in, its files out: what every engine does
local_loop.py      in this process, one shard after the other
cluster.py         on a Ray cluster; the only file that imports Ray
team.py            which actor has which shard, who gets a lost one, how far all are
share.py           how many actors a cluster holds, and with how many cores each
"""
