using System.Diagnostics;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Engine.Tests.Torrents;

public sealed class PerformanceTests(ITestOutputHelper output)
{
    /// <summary>
    /// Goal: a block costs the engine little time and no memory. Method: 1 GiB in 256 KiB pieces from one source, hashes checked, with
    /// twenty neighbours that are told of every piece; the second half is measured.
    /// </summary>
    [Fact]
    public void Download_OneGibibyte_AllocatesNothingPerBlock()
    {
        var torrent = new SyntheticTorrent(1 << 30, 256 << 10);
        var options = new EngineOptions { PeerId = EngineHarness.IdOf(100) };
        var engine = new TorrentEngine(torrent.Info, torrent.Layers, options, TimeProvider.System, 1);
        engine.Start([]);
        var source = new PeerHandle(1);
        for (byte id = 1; id <= 21; id++)
        {
            var handshake = new Handshake(default, EngineHarness.IdOf(id), true, true, true);
            var endPoint = new System.Net.IPEndPoint(new System.Net.IPAddress([10, 0, 0, id]), 1);
            engine.PeerConnected(new PeerHandle(id), new ConnectedPeer(endPoint, PeerReach.Lan, PeerSource.Tracker, true, handshake, true));
        }
        engine.MessageReceived(source, new PeerMessage(PeerMessageKind.HaveAll));
        engine.MessageReceived(source, new PeerMessage(PeerMessageKind.Unchoke));
        var requests = new Queue<BlockRange>();
        var blocks = 0;
        var allocated = 0L;
        var started = 0L;
        const int Half = 32 * 1024;
        while (!engine.IsComplete)
        {
            while (engine.TryDequeue(out var command))
            {
                if (command.Kind == EngineCommandKind.Send && command.Message.Kind == PeerMessageKind.Request)
                    requests.Enqueue(new BlockRange(new PieceIndex(command.Message.Piece), command.Message.Begin, command.Message.Length));
            }
            if (blocks == Half)
            {
                allocated = GC.GetAllocatedBytesForCurrentThread();
                started = Stopwatch.GetTimestamp();
            }
            var block = requests.Dequeue();
            engine.BlockReceived(source, block, torrent.Leaf(block), ++blocks);
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        var elapsed = Stopwatch.GetElapsedTime(started);
        output.WriteLine($"{Half / elapsed.TotalSeconds:f0} blocks/s ({Half / elapsed.TotalSeconds / 64:f0} MiB/s), {(double)allocated / Half:f1} bytes allocated per block");
        Assert.Equal(2 * Half, blocks);
        Assert.InRange((double)allocated / Half, 0, 16);
    }
}
