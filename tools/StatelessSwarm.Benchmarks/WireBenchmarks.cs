using BenchmarkDotNet.Attributes;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Benchmarks;

/// <summary>The codec: one REQUEST and the head of one PIECE, written and read.</summary>
[MemoryDiagnoser]
public class WireBenchmarks
{
    private static readonly WireLimits Limits = new(4096, BlockRange.BlockSize);
    private static readonly PeerMessage Request = new(PeerMessageKind.Request, 17, 32 * 1024, BlockRange.BlockSize);
    private static readonly PeerMessage Piece = new(PeerMessageKind.Piece, 17, 32 * 1024, BlockRange.BlockSize);
    private readonly byte[] _buffer = new byte[64];

    [Benchmark]
    public WireStatus RequestWrittenAndRead() => Pass(Request);

    [Benchmark]
    public WireStatus PieceHeaderWrittenAndRead() => Pass(Piece);

    private WireStatus Pass(in PeerMessage message)
    {
        var length = PeerWire.Write(message, _buffer);
        return PeerWire.TryRead(_buffer.AsSpan(0, length), Limits, out _, out _, out _);
    }
}
