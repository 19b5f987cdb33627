using StatelessSwarm.Engine.Leases;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="ClaimMessage"/>: bounded numbers; written and read again, it says the same.</summary>
internal sealed class ClaimMessageTarget : FuzzTarget
{
    private readonly List<int> _numbers = [];
    private readonly List<int> _again = [];

    public override string Name => "claim-message";

    public override IReadOnlyList<byte[]> Words => [[0x93, 1, 0], [0x93, 1, 1], [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdc, 2, 0], [0xd2, 0x7f, 0xff, 0xff, 0xff], [0xcf]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (!ClaimMessage.TryRead(input.ToArray(), out var kind, _numbers))
            return;
        Require(_numbers.Count <= 2 * ClaimMessage.MaxPieces, "a bounded number of pieces");
        if (kind is not (ClaimMessageKind.Claims or ClaimMessageKind.Releases or ClaimMessageKind.Needs))
            return;
        var numbers = _numbers.ToArray();
        Require(ClaimMessage.TryRead(ClaimMessage.Write(kind, numbers), out var kindAgain, _again), "it can be read again");
        Require(kindAgain == kind && _again.SequenceEqual(numbers), "it is the same when read again");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("claims", ClaimMessage.Write(ClaimMessageKind.Claims, [1, 0, 70_000, 3]));
        yield return ("releases", ClaimMessage.Write(ClaimMessageKind.Releases, [5, 6, int.MaxValue]));
        yield return ("needs", ClaimMessage.Write(ClaimMessageKind.Needs, [1, -5, int.MaxValue, 0, 0, 77, 64, 0, 1500]));
        yield return ("none", ClaimMessage.Write(ClaimMessageKind.Claims, []));
    }
}
