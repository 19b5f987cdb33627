using System.Net;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Benchmarks;

/// <summary>
/// One block through sockets, hash and files, both sides in this process: figures per block, over a torrent of 256 MiB. What the
/// two torrents need once is among the bytes allocated: the difference between the two lengths, divided by their blocks, is what a block needs.
/// </summary>
[MemoryDiagnoser]
public class TransferBenchmarks
{
    private SampleTorrent _sample = null!;
    private SwarmHost _seedHost = null!;
    private SwarmHost _leechHost = null!;
    private TorrentSession _seed = null!;
    private string _target = "";

    /// <summary>Length of the torrent in blocks.</summary>
    [Params(4096, 16384)]
    public int Blocks { get; set; }

    [GlobalSetup]
    public async Task MakeAsync()
    {
        _sample = await SampleTorrent.CreateAsync(256 * 1024, Blocks * BlockRange.BlockSize);
        var options = new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0 };
        _seedHost = await SwarmHost.StartAsync(options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        _leechHost = await SwarmHost.StartAsync(options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        _seed = await _seedHost.AddAsync(
            new TorrentAddOptions { Metainfo = _sample.Metainfo, FilePaths = _sample.Paths, IsSeed = true },
            CancellationToken.None
        );
    }

    [GlobalCleanup]
    public async Task EndAsync()
    {
        await _seed.DisposeAsync();
        await _seedHost.DisposeAsync();
        await _leechHost.DisposeAsync();
        _sample.Dispose();
    }

    [IterationSetup]
    public void MakeTarget() => _target = Directory.CreateTempSubdirectory("ss-bench-").FullName;

    [IterationCleanup]
    public void DropTarget() => Directory.Delete(_target, recursive: true);

    [Benchmark]
    public async Task TorrentFromSeedToLeechAsync()
    {
        await using var leech = await _leechHost.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = _sample.Metainfo,
                FilePaths = [.. _sample.Paths.Select(path => Path.Combine(_target, Path.GetFileName(path)))],
            },
            CancellationToken.None
        );
        leech.AddPeer(new IPEndPoint(IPAddress.Loopback, _seedHost.Port), PeerSource.Manual);
        await leech.Completion;
    }
}
