using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="RootMetadata"/>: one encoding only, so what is taken is written as it was read.</summary>
internal sealed class RootMetadataTarget : FuzzTarget
{
    public override string Name => "root-metadata";

    public override IReadOnlyList<byte[]> Words => [[0xc4, 32], [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdf, 0xff, 0xff, 0xff, 0xff], [0xc0], [0xcf], [0x86], [0x92]];

    public override long MaxAllocated(int length) => 4 * 1024 * 1024 + 4096L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        try
        {
            var root = RootMetadata.Decode(input.ToArray());
            Require(root.Encode().AsSpan().SequenceEqual(input), "it is written as it was read");
        }
        catch (TrustException)
        {
            // Refused.
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var key = EnvelopeTarget.Key(1).PublicKey;
        var roles = Enum.GetValues<MetadataRole>().Where(role => role != MetadataRole.Delegation).ToDictionary(role => role, _ => new RoleKeys(1, [key.Id]));
        var root = new RootMetadata
        {
            Version = 1,
            IssuedUnixSeconds = 1_700_000_000,
            ExpiresUnixSeconds = 1_800_000_000,
            Keys = [key],
            Roles = roles,
        };
        yield return ("one-key", root.Encode());
    }
}
