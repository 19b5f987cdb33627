using System.Buffers.Binary;
using System.Security.Cryptography;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Simulation.Tests.Swarms;

/// <summary>Every command of every engine with its time, hashed: two runs with one hash did the same.</summary>
public sealed class EventLog : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _line = new byte[52];

    public long Commands { get; private set; }

    public void Add(long time, int node, in EngineCommand command)
    {
        Commands++;
        BinaryPrimitives.WriteInt64BigEndian(_line, time);
        Put(0, node);
        Put(1, (int)command.Kind);
        Put(2, command.Peer.Value);
        Put(3, (int)command.Message.Kind);
        Put(4, command.Message.Piece);
        Put(5, command.Message.Begin);
        Put(6, command.Message.Length);
        Put(7, command.Block.Piece.Value);
        Put(8, command.Block.Begin);
        Put(9, command.Block.Length);
        Put(10, (int)command.Fault);
        _hash.AppendData(_line);
        _hash.AppendData(command.Message.Payload.Span);
    }

    public string Digest() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();

    private void Put(int field, int value) => BinaryPrimitives.WriteInt32BigEndian(_line.AsSpan(8 + 4 * field), value);
}
