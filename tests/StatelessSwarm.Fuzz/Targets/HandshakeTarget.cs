using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="Handshake"/>: read, written and read again, it says the same.</summary>
internal sealed class HandshakeTarget : FuzzTarget
{
    public override string Name => "handshake";

    public override int MaxInput => 128;

    public override IReadOnlyList<byte[]> Words => WordsOf("\u0013BitTorrent protocol", "BitTorrent protocol");

    public override void Run(ReadOnlySpan<byte> input)
    {
        var handshake = Handshake.TryRead(input);
        if (handshake is null)
            return;
        var bytes = new byte[Handshake.Size];
        handshake.Write(bytes);
        Require(Handshake.TryRead(bytes) == handshake, "it is the same when read again");
        Require(bytes.AsSpan(28).SequenceEqual(input[28..Handshake.Size]), "hash and id are kept");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var id = PeerId.Create("twelve bytes"u8);
        var hash = new InfoHash("twenty bytes of hash"u8);
        foreach (var (name, handshake) in new[] { ("plain", new Handshake(hash, id, false, false, false)), ("all", new Handshake(hash, id, true, true, true)) })
        {
            var bytes = new byte[Handshake.Size];
            handshake.Write(bytes);
            yield return (name, bytes);
        }
    }
}
