using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="ChannelPointer"/>: one encoding only, so what is taken is written as it was read.</summary>
internal sealed class ChannelTarget : FuzzTarget
{
    public override string Name => "channel";

    public override IReadOnlyList<byte[]> Words => [[0xc0], [0xc4, 32], [0xcf], [0xd9], [0x8f], .. WordsOf("stateless-channel/1")];

    public override void Run(ReadOnlySpan<byte> input)
    {
        try
        {
            var pointer = ChannelPointer.Decode(input.ToArray());
            Require(pointer.Encode().AsSpan().SequenceEqual(input), "it is written as it was read");
        }
        catch (ContentException)
        {
            // Refused.
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var pointer = new ChannelPointer
        {
            Product = "web",
            Channel = "stable",
            Serial = 300,
            IssuedUnixSeconds = 1_700_000_000,
            ExpiresUnixSeconds = 1_700_604_800,
            Release = ManifestTarget.Digest(6),
            Build = 1,
            Version = "1.0",
        };
        yield return ("pointer", pointer.Encode());
    }
}
