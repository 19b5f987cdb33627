using System.Net;
using StatelessSwarm.Engine.Extensions;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="PexMessage"/> (BEP 11): bounded lists of end points; written and read again, it says the same.</summary>
internal sealed class PexTarget : FuzzTarget
{
    public override string Name => "pex";

    public override IReadOnlyList<byte[]> Words =>
        WordsOf("5:added6:", "7:added.f1:", "6:added618:", "8:added6.f1:", "7:dropped6:", "8:dropped618:", "0:", "e", "600:", "i-1e");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (PexMessage.TryRead(input.ToArray()) is not { } message)
            return;
        Require(message.Added.Count <= PexMessage.MaxEntries, "a bounded number of peers added");
        Require(message.Dropped.Count <= PexMessage.MaxEntries, "a bounded number of peers dropped");
        if (PexMessage.TryRead(message.ToBytes()) is not { } again)
        {
            Require(false, "it can be read again");
            return;
        }
        Require(again.Added.SequenceEqual(message.Added), "the same peers are added when it is read again");
        Require(again.Dropped.SequenceEqual(message.Dropped), "the same peers are dropped when it is read again");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var four = new IPEndPoint(IPAddress.Parse("10.0.0.1"), 6881);
        var six = new IPEndPoint(IPAddress.Parse("2001:db8::1"), 6881);
        yield return ("empty", new PexMessage([], []).ToBytes());
        yield return ("four", new PexMessage([new PexPeer(four, PexFlags.Seed | PexFlags.Reachable)], []).ToBytes());
        yield return ("both", new PexMessage([new PexPeer(four, PexFlags.None), new PexPeer(six, PexFlags.SupportsUtp)], [six, four]).ToBytes());
    }
}
