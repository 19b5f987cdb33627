using System.Collections;
using System.CommandLine;
using System.Globalization;
using System.Reflection;
using StatelessSwarm.Cli.Tests.Support;
using StatelessSwarm.Cli.Torrents;
using StatelessSwarm.Cli.Torrents.Limits;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Discovery.LocalDiscovery;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Node.Torrents;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Magnets;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Cli.Tests.Torrents;

/// <summary>
/// Goal: every limit and habit in the option records of the engine and of what is around it can be set on the command line of
/// <c>torrent get</c> or <c>serve</c>. Method: the records are walked by reflection; a member without a row in <see cref="Rows"/>, or
/// without a reason in <see cref="NoOptions"/>, fails; each row's arguments must change the members it names, and no other.
/// </summary>
public sealed class TransferOptionTests : IAsyncLifetime
{
    private static readonly Type[] Records =
    [
        typeof(EngineOptions),
        typeof(SwarmOptions),
        typeof(TorrentAddOptions),
        typeof(MagnetOptions),
        typeof(LocalServiceDiscoveryOptions),
    ];

    /// <summary>Members that are no limit and no habit.</summary>
    private static readonly Dictionary<string, string> NoOptions = new(StringComparer.Ordinal)
    {
        ["EngineOptions.PeerId"] = "made by chance for each process",
        ["EngineOptions.ListenPort"] = "the host's, once it is bound",
        ["EngineOptions.Site"] = "the host's",
        ["EngineOptions.Budget"] = "the host's, for all its torrents",
        ["EngineOptions.NeighbourWaitMs"] = "the torrent's, see TorrentAddOptions",
        ["SwarmOptions.FileAt"] = "the node's, which hands on signed metadata",
        ["SwarmOptions.Identity"] = "read from the directory that --identity names",
        ["SwarmOptions.SharedUpload"] = "the seed's, which sends over HTTP too",
        ["TorrentAddOptions.Engine"] = "a record of its own here",
        ["TorrentAddOptions.Metainfo"] = "the command's argument",
        ["TorrentAddOptions.FilePaths"] = "follow from the directory",
        ["TorrentAddOptions.FindKnown"] = "the node's, which has older images",
        ["TorrentAddOptions.IsSeed"] = "which command it is",
        ["MagnetOptions.Link"] = "the command's argument",
        ["LocalServiceDiscoveryOptions.ListenAddresses"] = "taken from the host's",
    };

    /// <summary>Arguments, the command, and the members they change.</summary>
    private static readonly (string Arguments, bool IsServe, string[] Members)[] Rows =
    [
        ("--max-peers 7", false, ["EngineOptions.MaxPeers"]),
        ("--lan-peers 7", true, ["EngineOptions.LanPeers"]),
        ("--wan-peers 0", false, ["EngineOptions.WanPeers"]),
        ("--half-open 7", true, ["EngineOptions.MaxHalfOpen"]),
        ("--request-queue 65536", true, ["EngineOptions.RequestQueue"]),
        ("--upload-slots 1", true, ["EngineOptions.UploadSlots"]),
        ("--upload-ahead 1G", true, ["EngineOptions.UploadAhead"]),
        ("--upload-ahead-per-peer 32K", true, ["EngineOptions.UploadAheadPerPeer"]),
        ("--request-ahead 64M", false, ["EngineOptions.RequestAhead"]),
        ("--piece-checks 1", false, ["EngineOptions.PieceChecks"]),
        ("--super-seed", true, ["EngineOptions.SuperSeeds"]),
        ("--hashed-pieces 64", true, ["EngineOptions.HashedPieces"]),
        ("--no-claims", false, ["EngineOptions.UsesClaims"]),
        ("--no-pex", true, ["EngineOptions.UsesExchange"]),
        ("--silence-timeout 10s", false, ["EngineOptions.SilenceTimeout"]),
        ("--keep-alive 1h", false, ["EngineOptions.KeepAliveInterval"]),
        ("--upload-stall-timeout 5", true, ["EngineOptions.UploadStallTimeout"]),
        ("--listen 127.0.0.1 --listen ::1", true, ["SwarmOptions.ListenAddresses"]),
        ("--port 0", false, ["SwarmOptions.Port"]),
        ("--max-connections 65535", true, ["SwarmOptions.MaxConnections"]),
        ("--site-network 10.1.0.0/16 --site-network fd00::/8", false, ["SwarmOptions.SiteNetworks"]),
        ("--site north", true, ["SwarmOptions.Site"]),
        ("--upload-limit 5M", true, ["SwarmOptions.Limits"]),
        ("--wan-down 5M", false, ["SwarmOptions.Limits"]),
        ("--wan-up 1M", true, ["SwarmOptions.Limits"]),
        ("--lan-down 50M", false, ["SwarmOptions.Limits"]),
        ("--lan-up 50M", true, ["SwarmOptions.Limits"]),
        ("--wan-mode background", false, ["SwarmOptions.IsBackground"]),
        ("--neighbour-wait 2s", false, ["TorrentAddOptions.NeighbourWait"]),
        ("--connect-timeout 1500ms", false, ["SwarmOptions.ConnectTimeout"]),
        ("--handshake-timeout 5m", true, ["SwarmOptions.HandshakeTimeout"]),
        ("--max-silent 1", true, ["SwarmOptions.MaxSilentConnections"]),
        ("--encryption require", true, ["SwarmOptions.Encryption"]),
        ("--journal here.resume", false, ["TorrentAddOptions.JournalPath"]),
        ("--tracker udp://a:1", false, ["TorrentAddOptions.Trackers", "MagnetOptions.Trackers"]),
        ("--no-trackers", false, ["TorrentAddOptions.Trackers", "MagnetOptions.Trackers"]),
        ("--announce-once", true, ["TorrentAddOptions.AnnouncesEveryHash"]),
        ("--web-seed http://a/", false, ["TorrentAddOptions.WebSeeds"]),
        ("--no-web-seeds", false, ["TorrentAddOptions.WebSeeds"]),
        ("--web-seed-delay 2s", false, ["TorrentAddOptions.WebSeedDelay"]),
        ("--max-web-seeds 1", false, ["TorrentAddOptions.MaxWebSeeds"]),
        ("--web-seed-transfers 64", false, ["TorrentAddOptions.WebSeedTransfers"]),
        ("--peer 127.0.0.1:7", false, ["MagnetOptions.Peers"]),
        ("--magnet-peers 1", false, ["MagnetOptions.MaxConnections"]),
        ("--lsd-interface eth0 --lsd-interface eth1", true, ["LocalServiceDiscoveryOptions.Interfaces"]),
        ("--no-lsd-ipv4", true, ["LocalServiceDiscoveryOptions.UseIPv4"]),
        ("--no-lsd-ipv6", false, ["LocalServiceDiscoveryOptions.UseIPv6"]),
    ];

    private SampleTorrent? _sample;

    public static TheoryData<string, bool, string[]> RowData
    {
        get
        {
            var data = new TheoryData<string, bool, string[]>();
            foreach (var (arguments, isServe, members) in Rows)
                data.Add(arguments, isServe, members);
            return data;
        }
    }

    /// <summary>Every option with a range, and a value beyond either end.</summary>
    public static TheoryData<string, string> OutOfRange
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var limit in TransferLimits.Create())
            {
                string[] wrong = limit.Option.HelpName switch
                {
                    "N" => ["-1", "65537", "1.5", "many"],
                    "SIZE" => ["1K", "2G", "-1", "much"],
                    "TIME" => ["100h", "2147483647h", "-1s", "soon", "s"],
                    "CIDR" => ["10.1.0.0/33", "here"],
                    _ => [],
                };
                foreach (var value in wrong)
                    data.Add(limit.Option.Name, value);
            }
            data.Add("--encryption", "always");
            data.Add("--port", "65536");
            data.Add("--port", "-1");
            data.Add("--upload-limit", "0");
            return data;
        }
    }

    public async ValueTask InitializeAsync() =>
        _sample = await SampleTorrent.CreateAsync(
            new TorrentBuildOptions { Name = "sample", Trackers = ["http://own/announce"], WebSeeds = ["http://own/"] },
            20_000
        );

    public ValueTask DisposeAsync()
    {
        _sample?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void EveryMemberOfEveryRecord_HasAnOption()
    {
        var members = Records.SelectMany(MembersOf).Select(member => member.Name).ToHashSet(StringComparer.Ordinal);
        var named = Rows.SelectMany(row => row.Members).Concat(NoOptions.Keys).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(members.Except(named).Select(name => $"{name} has no option on `torrent get` or `torrent serve`"));
        Assert.Empty(named.Except(members).Select(name => $"{name} is no member any more"));
    }

    [Fact]
    public void EveryLimit_IsInARow()
    {
        var typed = Rows.SelectMany(row => row.Arguments.Split(' ')).ToHashSet(StringComparer.Ordinal);
        Assert.Subset(typed, TransferLimits.Create().Select(limit => limit.Option.Name).ToHashSet(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(RowData))]
    public void Option_ChangesItsMembersAndNoOther(string arguments, bool isServe, string[] members)
    {
        var before = Values(Read("", isServe));
        var after = Values(Read(arguments, isServe));
        Assert.Equal(members.Order(), before.Keys.Where(name => before[name] != after[name]).Order());
    }

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public async Task Option_OutOfRange_IsOneLineThatNamesItAndTheRange(string option, string value)
    {
        var run = await CommandRun.RunAsync("torrent", "get", "x.torrent", "-o", "x", $"{option}={value}");
        Assert.Equal(2, run.Code);
        var line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"stateless: {option} {value}: ", line, StringComparison.Ordinal);
        Assert.EndsWith("expected", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get", false)]
    [InlineData("serve", true)]
    public async Task Help_IsShort_AndTheRestIsGrouped(string command, bool isServe)
    {
        var limits = new TransferOptionSet(isServe, TimeProvider.System).Limits;
        var brief = await CommandRun.RunAsync("torrent", command, "--help");
        Assert.Contains($"--help-limits  ", brief.Out, StringComparison.Ordinal);
        var all = await CommandRun.RunAsync("torrent", command, "--help-limits");
        Assert.Equal((0, ""), (all.Code, all.Error));
        var lines = all.Out.Split('\n');
        foreach (var limit in limits)
        {
            Assert.DoesNotContain(limit.Option.Name + " ", brief.Out, StringComparison.Ordinal);
            var line = Assert.Single(lines, line => line.StartsWith($"  {limit.Option.Name} ", StringComparison.Ordinal));
            Assert.EndsWith(limit.Option.Description!, line.TrimEnd(), StringComparison.Ordinal);
        }
        Assert.Equal(limits.Select(limit => limit.Group + ":").Distinct(), lines.Where(line => line.EndsWith(':')));
    }

    private TransferOptions Read(string arguments, bool isServe)
    {
        var set = new TransferOptionSet(isServe, TimeProvider.System);
        var command = new RootCommand();
        set.AddTo(command);
        var result = command.Parse(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(result.Errors);
        return set.Read(result, _sample!.Directory) with { Metainfo = _sample.Metainfo, IsSeed = isServe };
    }

    /// <summary>Every member of every record as text.</summary>
    private static Dictionary<string, string> Values(TransferOptions options)
    {
        var link = MagnetLink.Parse("magnet:?xt=urn:btih:0123456789012345678901234567890123456789&tr=http%3A%2F%2Fown%2Fannounce");
        object[] records = [options.Engine, options.Swarm, options.ToTorrent(), options.ToMagnet(link), options.LocalDiscovery];
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var record in records)
        {
            foreach (var (name, property) in MembersOf(record.GetType()))
            {
                if (!NoOptions.ContainsKey(name))
                    values[name] = Text(property.GetValue(record));
            }
        }
        return values;
    }

    private static IEnumerable<(string Name, PropertyInfo Property)> MembersOf(Type record) =>
        record
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite)
            .Select(property => ($"{record.Name}.{property.Name}", property));

    private static string Text(object? value) =>
        value is IEnumerable items and not string
            ? $"[{string.Join(", ", items.Cast<object?>().Select(Text))}]"
            : string.Create(CultureInfo.InvariantCulture, $"{value}");
}
