using System.Net;
using BenchmarkDotNet.Attributes;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Benchmarks;

/// <summary>
/// One block through the minds of both sides: asked for, queued, sent, received, its piece judged and told; no sockets, no bytes. Figures are
/// per block; a whole torrent of 64 MiB in 256 KiB pieces is moved each time, its engines made outside of what is measured.
/// </summary>
[MemoryDiagnoser]
public class EngineBenchmarks
{
    private const int Blocks = 4096;
    private static readonly SyntheticTorrent Torrent = new((long)Blocks * BlockRange.BlockSize, 256 * 1024);
    private static readonly PeerHandle Other = new(1);
    private readonly Queue<EngineCommand> _toSeed = new(Blocks);
    private TorrentEngine _seed = null!;
    private TorrentEngine _leech = null!;

    [IterationSetup]
    public void Connect()
    {
        _seed = Make(1);
        _leech = Make(2);
        _seed.Start(Torrent.AllPieces);
        _leech.Start([]);
        _seed.PeerConnected(Other, Peer(2, isOutgoing: false));
        _leech.PeerConnected(Other, Peer(1, isOutgoing: true));
    }

    [Benchmark(OperationsPerInvoke = Blocks)]
    public bool BlockFromSeedToLeech()
    {
        while (!_leech.IsComplete)
        {
            while (_leech.TryDequeue(out var command))
            {
                if (command.Kind == EngineCommandKind.Send)
                    _seed.MessageReceived(Other, command.Message);
            }
            while (_seed.TryDequeue(out var command))
                Carry(command);
        }
        return _leech.IsComplete;
    }

    private void Carry(in EngineCommand command)
    {
        if (command.Kind == EngineCommandKind.Send)
        {
            _leech.MessageReceived(Other, command.Message);
        }
        else if (command.Kind == EngineCommandKind.SendBlock)
        {
            _seed.BlockSent(Other, command.Block);
            _leech.BlockReceived(Other, command.Block, Torrent.Leaf(command.Block), token: 1);
        }
    }

    private static TorrentEngine Make(byte number) =>
        new(Torrent.Info, Torrent.Layers, new EngineOptions { PeerId = Id(number) }, TimeProvider.System, randomSeed: number);

    private static PeerId Id(byte number) => PeerId.Create(new byte[11].Append(number).ToArray());

    private static ConnectedPeer Peer(byte number, bool isOutgoing) =>
        new(
            new IPEndPoint(new IPAddress([10, 0, 0, number]), 6881),
            PeerReach.Lan,
            isOutgoing ? PeerSource.Tracker : PeerSource.Incoming,
            isOutgoing,
            new Handshake(default, Id(number), true, true, true),
            IsV2: true
        );
}
