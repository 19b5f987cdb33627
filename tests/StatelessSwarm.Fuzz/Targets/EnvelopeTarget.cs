using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="SignedEnvelope"/>: one encoding only, bounded signatures.</summary>
internal sealed class EnvelopeTarget : FuzzTarget
{
    private const int MaxPayload = 1024;

    public override string Name => "envelope";

    public override IReadOnlyList<byte[]> Words => [[0x93, 1], [0xc4, 32], [0xc4, 64], [0xc6, 0xff, 0xff, 0xff, 0xff], [0xdd, 0xff, 0xff, 0xff, 0xff], [0xc0], [0x92]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        try
        {
            var envelope = SignedEnvelope.Decode(input.ToArray(), MaxPayload);
            Require(envelope.Payload.Length <= MaxPayload && envelope.Signatures.Count <= SignedEnvelope.MaxSignatures, "within its bounds");
            Require(envelope.Encode().AsSpan().SequenceEqual(input), "it is written as it was read");
        }
        catch (TrustException)
        {
            // Refused.
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("one", SignedEnvelope.Sign(MetadataRole.Channel, "payload"u8.ToArray(), [Key(1)]).Encode());
        yield return ("three", SignedEnvelope.Sign(MetadataRole.Root, new byte[300], [Key(1), Key(2), Key(3)]).Encode());
    }

    internal static SigningKey Key(byte number) => SigningKey.FromSeed(Enumerable.Repeat(number, 32).ToArray());
}
