using System.Net;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Interop.Tests.Clients;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing;
using StatelessSwarm.Testing.Logging;
using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Libtorrent;

/// <summary>Whole transfers against libtorrent-rasterbar (Debian: python3-libtorrent), each side seeding once.</summary>
public sealed class LibtorrentSwarmTests
{
    private const int KiB = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    // Several files that pieces span in v1, with an empty one and one shorter than a block.
    private static readonly int[] Several = [1_000_001, 0, 5, 16_384, 65_536, 300_000, 0];

    // One file; several files, with pad files between them or not; small pieces, many of them.
    public static TheoryData<TorrentKind, bool, int, int[]> Shapes =>
        new()
        {
            { TorrentKind.Hybrid, false, 256 * KiB, [20_000_000] },
            { TorrentKind.Hybrid, false, 64 * KiB, Several },
            { TorrentKind.Hybrid, false, 16 * KiB, [5_000_003] },
            { TorrentKind.V1, false, 256 * KiB, [20_000_000] },
            { TorrentKind.V1, false, 64 * KiB, Several },
            { TorrentKind.V1, true, 64 * KiB, Several },
            { TorrentKind.V1, false, 16 * KiB, [5_000_003] },
            { TorrentKind.V2, false, 256 * KiB, [20_000_000] },
            { TorrentKind.V2, false, 64 * KiB, Several },
            { TorrentKind.V2, false, 16 * KiB, [5_000_003] },
        };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task LibtorrentSeeds_WeDownload_SameBytes(TorrentKind kind, bool padsFiles, int pieceLength, int[] lengths)
    {
        using var sample = await CreateAsync(kind, padsFiles, pieceLength, lengths);
        var port = FreePort.Take();
        await using var theirs = StartLibtorrent(sample, SourceParent(sample), port, "--seed");
        await theirs.WaitForAsync("seeding", Patience);
        using var log = new RecordingLoggers();
        await using var ours = await StartAsync(log);
        var session = await ours.AddAsync(
            new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.PathsIn("ours") },
            CancellationToken.None
        );
        session.AddPeer(new IPEndPoint(IPAddress.Loopback, port), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("ours"));
        Assert.Equal(0, session.Status.WastedBytes);
        AssertNoComplaints(theirs, log);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task WeSeed_LibtorrentDownloads_SameBytes(TorrentKind kind, bool padsFiles, int pieceLength, int[] lengths)
    {
        using var sample = await CreateAsync(kind, padsFiles, pieceLength, lengths);
        using var log = new RecordingLoggers();
        await using var ours = await StartAsync(log);
        await ours.AddAsync(
            new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true },
            CancellationToken.None
        );
        var target = Directory.CreateDirectory(Path.Combine(sample.Directory, "theirs")).FullName;
        await using var theirs = StartLibtorrent(sample, target, FreePort.Take(), "--peer", $"127.0.0.1:{ours.Port}");
        try
        {
            await theirs.WaitForAsync("seeding after", Patience);
        }
        catch (TimeoutException fault)
        {
            Assert.Fail($"{fault.Message}\nour log:\n{string.Join('\n', log.Lines)}");
        }
        Assert.True(sample.IsIdentical(HasNoDirectory(sample) ? "theirs" : Path.Combine("theirs", sample.Metainfo.Info.Name)));
        AssertNoComplaints(theirs, log);
    }

    private static Task<SampleTorrent> CreateAsync(TorrentKind kind, bool padsFiles, int pieceLength, int[] lengths) =>
        SampleTorrent.CreateAsync(
            new TorrentBuildOptions { Name = "sample", PieceLength = pieceLength, Kind = kind, PadsFiles = padsFiles },
            lengths
        );

    /// <summary>libtorrent stores the only file of a v2-only torrent without the directory that the name stands for.</summary>
    private static bool HasNoDirectory(SampleTorrent sample) =>
        sample.Metainfo.Info is { V1Hash: null, Files.Count: 1 };

    /// <summary>libtorrent looks for a directory called like the torrent.</summary>
    internal static string SourceParent(SampleTorrent sample)
    {
        if (HasNoDirectory(sample))
            return Path.Combine(sample.Directory, "source");
        var parent = Directory.CreateDirectory(Path.Combine(sample.Directory, "lt")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(parent, sample.Metainfo.Info.Name), Path.Combine(sample.Directory, "source"));
        return parent;
    }

    private static LineProcess StartLibtorrent(SampleTorrent sample, string directory, int port, params string[] more)
    {
        var torrent = Path.Combine(sample.Directory, "sample.torrent");
        File.WriteAllBytes(torrent, sample.MetainfoBytes);
        return StartLibtorrent(torrent, directory, port, more);
    }

    /// <summary>libtorrent on loopback, with a .torrent file or a magnet link.</summary>
    internal static LineProcess StartLibtorrent(string torrent, string directory, int port, params string[] more) =>
        LineProcess.StartForeign(
            "/usr/bin/python3",
            [
                Path.Combine(RepositoryRoot.Path, "testbed", "peers", "lt_peer.py"),
                torrent,
                directory,
                "--errors",
                "--listen",
                "127.0.0.1",
                "--port",
                $"{port}",
                .. more,
            ]
        );

    /// <summary>Neither log holds a hash failure, a ban or a protocol error of the other side.</summary>
    internal static void AssertNoComplaints(LineProcess theirs, RecordingLoggers ours)
    {
        Assert.DoesNotContain(ours.Lines, line => OurPeer.IsComplaint(line));
        string[] complaints = ["hash_failed", "peer_ban", "peer_error", "invalid", "protocol"];
        foreach (var line in theirs.Written.Split('\n'))
        {
            if (line.StartsWith("alert ", StringComparison.Ordinal))
                Assert.DoesNotContain(complaints, complaint => line.Contains(complaint, StringComparison.OrdinalIgnoreCase));
        }
    }

    internal static Task<SwarmHost> StartAsync(RecordingLoggers log, long uploadBytesPerSecond = 0) =>
        SwarmHost.StartAsync(
            new SwarmOptions
            {
                ListenAddresses = [IPAddress.Loopback],
                Port = 0,
                Limits = new TransferLimits { Up = uploadBytesPerSecond > 0 ? uploadBytesPerSecond : null },
            },
            TimeProvider.System,
            log,
            CancellationToken.None
        );
}
