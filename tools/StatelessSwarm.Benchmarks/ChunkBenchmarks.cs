using BenchmarkDotNet.Attributes;
using StatelessSwarm.Content.Chunks;

namespace StatelessSwarm.Benchmarks;

/// <summary>Chunking 64 MiB of incompressible bytes: the cuts alone, and the whole map with its hashes.</summary>
[MemoryDiagnoser]
public class ChunkBenchmarks
{
    private readonly byte[] _image = new byte[64 << 20];

    [GlobalSetup]
    public void Fill() => new Random(1).NextBytes(_image);

    [Benchmark]
    public int Cuts()
    {
        var chunks = 0;
        for (var at = 0; at < _image.Length; chunks++)
            at += GearChunker.FindCut(_image.AsSpan(at));
        return chunks;
    }

    [Benchmark]
    public int Map()
    {
        using var builder = new ChunkMapBuilder();
        builder.Append(_image);
        return builder.Finish().Chunks.Count;
    }
}
