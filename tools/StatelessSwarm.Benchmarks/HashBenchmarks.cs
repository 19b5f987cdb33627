using BenchmarkDotNet.Attributes;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Benchmarks;

/// <summary>The floor under everything: SHA-256 of one block.</summary>
[MemoryDiagnoser]
public class HashBenchmarks
{
    private readonly byte[] _block = new byte[BlockRange.BlockSize];

    [Benchmark]
    public Sha256Digest LeafOfOneBlock() => Sha256Digest.HashData(_block);
}
