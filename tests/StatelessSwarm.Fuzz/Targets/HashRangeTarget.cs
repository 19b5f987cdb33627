using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="HashRange"/>: what is read keeps the rules of BEP 52 and is written as it was.</summary>
internal sealed class HashRangeTarget : FuzzTarget
{
    public override string Name => "hash-range";

    public override int MaxInput => 128;

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (!HashRange.TryRead(input, out var range))
            return;
        Require(range.Length is >= 2 and <= 512 && int.IsPow2(range.Length), "a power of two of hashes, 2 to 512");
        Require(range.Index >= 0 && range.Index % range.Length == 0, "the index is a multiple of the length");
        Require(range.BaseLayer is >= 0 and < HashRange.MaxLayers && range.ProofLayers is >= 0 and <= HashRange.MaxLayers, "layers that a tree can have");
        var bytes = new byte[HashRange.Size];
        range.Write(bytes);
        Require(bytes.AsSpan().SequenceEqual(input[..HashRange.Size]), "it is written as it was read");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        foreach (var (name, range) in new[] { ("leaves", new HashRange(default, 0, 16, 16, 0)), ("pieces", new HashRange(default, 4, 512, 512, 3)) })
        {
            var bytes = new byte[HashRange.Size];
            range.Write(bytes);
            yield return (name, bytes);
        }
    }
}
