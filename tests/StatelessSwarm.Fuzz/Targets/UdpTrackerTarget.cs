using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="UdpTrackerWire"/> (BEP 15): the first byte says which family the answer came by, the rest is the datagram.</summary>
internal sealed class UdpTrackerTarget : FuzzTarget
{
    public override string Name => "udp-tracker";

    public override IReadOnlyList<byte[]> Words => [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 3], [0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff], [10, 0, 0, 1, 0x1a, 0xe1]];

    public override long MaxAllocated(int length) => 1024 * 1024 + 4096L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        var addressLength = (input[0] & 1) == 0 ? CompactPeers.V4AddressLength : CompactPeers.V6AddressLength;
        if (!UdpTrackerWire.TryRead(input[1..], addressLength, out var answer))
            return;
        Require(answer.Kind is UdpTrackerAnswerKind.Announce == answer.Reply is not null, "an announce has a reply, nothing else has");
        Require(answer.Kind is UdpTrackerAnswerKind.Error == answer.Reason is not null, "an error has a reason, nothing else has");
        Require(answer.Reason?.Any(char.IsControl) != true, "a reason is one line");
        if (answer.Reply is not { } reply)
            return;
        Require(reply.Peers.Count <= TrackerReply.MaxPeers, "a bounded number of peers");
        Require(reply.Peers.All(peer => peer.Port > 0), "every peer has a port");
        Require(reply.Interval >= TimeSpan.FromSeconds(5) && reply.Interval <= TimeSpan.FromHours(1), "an interval within its bounds");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("connect", [0, 0, 0, 0, 0, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8]);
        yield return ("announce", [0, 0, 0, 0, 1, 1, 2, 3, 4, 0, 0, 7, 8, 0, 0, 0, 1, 0, 0, 0, 2, 10, 0, 0, 1, 0x1a, 0xe1]);
        yield return ("announce-six", [1, 0, 0, 0, 1, 1, 2, 3, 4, 0, 0, 7, 8, 0, 0, 0, 1, 0, 0, 0, 2, .. new byte[15], 1, 0x1a, 0xe1]);
        yield return ("error", [0, 0, 0, 0, 3, 1, 2, 3, 4, .. "not for you"u8]);
    }
}
