using System.Text;
using StatelessSwarm.Content;
using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="TrackerReplyReader"/>: bounded peers with ports, an interval within its bounds.</summary>
internal sealed class TrackerReplyTarget : FuzzTarget
{
    public override string Name => "tracker-reply";

    public override IReadOnlyList<byte[]> Words =>
        WordsOf("8:intervali", "5:peers", "5:peersl", "6:peers618:", "2:ip9:127.0.0.1", "4:porti6881e", "14:failure reason", "7:peer id20:", "e", "i-1e", "i9223372036854775807e");

    public override long MaxAllocated(int length) => 1024 * 1024 + 4096L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        TrackerReply reply;
        try
        {
            reply = TrackerReplyReader.Read(input.ToArray());
        }
        catch (Exception fault) when (fault is ContentException or TrackerException)
        {
            Require(!fault.Message.Any(char.IsControl), "a reason is one line");
            return;
        }
        Require(reply.Peers.Count <= TrackerReply.MaxPeers, "a bounded number of peers");
        Require(reply.Peers.All(peer => peer.Port > 0), "every peer has a port");
        Require(reply.Interval >= TimeSpan.FromSeconds(5) && reply.Interval <= TimeSpan.FromHours(1), "an interval within its bounds");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("compact", Bytes("d8:completei1e10:incompletei2e8:intervali1800e5:peers12:\u000a\0\0\u0001\u001a\u00e1\u000a\0\0\u0002\u001a\u00e1e"));
        yield return ("six", Bytes("d8:intervali60e5:peers0:6:peers618:\u0020\u0001\u000d\u00b8\0\0\0\0\0\0\0\0\0\0\0\u0001\u001a\u00e1e"));
        yield return ("dictionaries", Bytes("d8:intervali60e5:peersld2:ip8:10.0.0.17:peer id20:-XX0000-1234567890124:porti6881eeee"));
        yield return ("failure", Bytes("d14:failure reason12:not for you!e"));
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
