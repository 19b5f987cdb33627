using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Roles;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="TimeStatement"/>, <see cref="RevocationList"/> and <see cref="ReleaseDelegation"/>: one encoding only, and no bytes are two of them.</summary>
internal sealed class StatementTarget : FuzzTarget
{
    public override string Name => "statement";

    public override IReadOnlyList<byte[]> Words => [[0xc4, 32], [0xdd, 0xff, 0xff, 0xff, 0xff], [0xc0], [0xcf], [0x84], [0x87], [0x88], [0x93], .. WordsOf("web", "stable")];

    public override long MaxAllocated(int length) => 4 * 1024 * 1024 + 4096L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        var isStatement = IsTaken(() => TimeStatement.Decode(bytes).Encode(), bytes);
        var isList = IsTaken(() => RevocationList.Decode(bytes).Encode(), bytes);
        var isDelegation = IsTaken(() => ReleaseDelegation.Decode(bytes).Encode(), bytes);
        Require(new[] { isStatement, isList, isDelegation }.Count(taken => taken) <= 1, "no bytes are two of them");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var statement = new TimeStatement
        {
            Serial = 7,
            IssuedUnixSeconds = 1_700_000_000,
            ExpiresUnixSeconds = 1_700_086_400,
            RootVersion = 2,
            RevocationVersion = 3,
            Channels = [("mail", "stable", 1), ("web", "beta", 300), ("web", "stable", 70_000)],
            Delegations = [("web", 2)],
        };
        yield return ("time", statement.Encode());
        var list = new RevocationList
        {
            Version = 3,
            IssuedUnixSeconds = 1_700_000_000,
            Keys = [.. Enumerable.Range(0, 3).Select(i => Sha256Digest.HashData([(byte)i])).Order()],
        };
        yield return ("revoked", list.Encode());
        var delegation = new ReleaseDelegation
        {
            Product = "web",
            Version = 2,
            IssuedUnixSeconds = 1_700_000_000,
            ExpiresUnixSeconds = 1_800_000_000,
            Threshold = 1,
            Keys = [EnvelopeTarget.Key(1).PublicKey],
        };
        yield return ("delegation", delegation.Encode());
    }

    private static bool IsTaken(Func<byte[]> readAndWrite, byte[] bytes)
    {
        try
        {
            Require(readAndWrite().AsSpan().SequenceEqual(bytes), "it is written as it was read");
            return true;
        }
        catch (TrustException)
        {
            return false;
        }
    }
}
