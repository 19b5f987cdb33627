using System.Globalization;
using System.Numerics;
using System.Text.Json;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Sim.Scenarios;

/// <summary>Reads scenario files (docs/simulator.md). Whatever is wrong with one is said in one line.</summary>
internal static class ScenarioReader
{
    /// <summary>Nodes at most.</summary>
    public const int MaxNodes = 100_000;

    private const int MaxFileBytes = 1 << 20;
    private const double MaxSeconds = 1e6;

    private static readonly Dictionary<string, FaultKind> Kinds = new(StringComparer.Ordinal)
    {
        ["crash"] = FaultKind.Crash,
        ["power"] = FaultKind.Power,
        ["churn"] = FaultKind.Churn,
        ["freeze"] = FaultKind.Freeze,
        ["stall"] = FaultKind.Stall,
        ["lie"] = FaultKind.Lie,
        ["partition"] = FaultKind.Partition,
        ["slow-disk"] = FaultKind.SlowDisk,
        ["slow-up"] = FaultKind.SlowUp,
        ["slow-down"] = FaultKind.SlowDown,
        ["skew"] = FaultKind.Skew,
        ["seed-dies"] = FaultKind.SeedDies,
        ["tracker-dies"] = FaultKind.TrackerDies,
        ["split"] = FaultKind.Split,
    };

    /// <summary>The name of a fault in a file.</summary>
    public static string NameOf(FaultKind kind) => Kinds.First(pair => pair.Value == kind).Key;

    /// <summary>Reads a file.</summary>
    public static Scenario ReadFile(string path)
    {
        byte[] bytes;
        try
        {
            if (new FileInfo(path).Length > MaxFileBytes)
                throw new ScenarioException($"{path}: larger than {MaxFileBytes} bytes");
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ScenarioException($"{path}: cannot be read ({fault.Message})");
        }
        return Read(bytes, path, Path.GetFileNameWithoutExtension(path));
    }

    /// <summary>Reads the bytes of a file; <paramref name="file"/> names it in errors.</summary>
    public static Scenario Read(ReadOnlyMemory<byte> json, string file, string name)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 8 });
        }
        catch (JsonException fault)
        {
            throw new ScenarioException($"{file}: line {fault.LineNumber + 1} is no JSON");
        }
        using (document)
            return Read(new JsonPlace(document.RootElement, file, ""), name);
    }

    private static Scenario Read(JsonPlace root, string name)
    {
        var scenario = new Scenario
        {
            Name = root.Text("name") ?? name,
            Image = ReadImage(root.Place("image")),
            Sites = [.. root.Places("sites").Select(ReadSite)],
            Tracker = ReadTracker(root.Place("tracker")),
            HasMulticast = root.Flag("multicast", true),
            Limits = ReadLimits(root.Place("limits")),
            DeadlineSeconds = root.Number("deadline_s", 3600, 1, MaxSeconds),
            TickMs = root.Number("tick_ms", 0, 0, 10),
            Expect = ReadExpectation(root.Place("expect")),
        };
        if (scenario.Sites.Count == 0)
            throw root.Wrong("sites", "is missing or empty, expected a list of sites");
        if (scenario.NodeCount is < 1 or > MaxNodes)
            throw root.Wrong("sites", string.Create(CultureInfo.InvariantCulture, $"have {scenario.NodeCount} nodes together, expected 1 to {MaxNodes}"));
        scenario = scenario with { Seeds = ReadSeeds(root.Place("seeds"), scenario.SiteCount), Starts = ReadStarts(root.Place("starts"), scenario) };
        scenario = scenario with { Faults = [.. root.Places("faults").Select(place => ReadFault(place, scenario))] };
        root.Text("about");
        root.End();
        return scenario;
    }

    private static Image ReadImage(JsonPlace place)
    {
        var standard = new Image();
        var bytes = place.Size("size", standard.Bytes);
        var piece = place.Size("piece", standard.PieceBytes);
        var grain = place.Count("grain", 1, 1, 1024);
        if (!BitOperations.IsPow2(grain))
            throw place.Wrong("grain", $"is {grain}, expected a power of two");
        if (piece > 1 << 28 || !BitOperations.IsPow2(piece) || piece < (long)grain * BlockRange.BlockSize)
            throw place.Wrong("piece", $"is {piece} bytes, expected a power of two from {(long)grain * BlockRange.BlockSize} (grain x 16 KiB) to 256 MiB");
        if (bytes < piece || bytes / piece > 100_000)
            throw place.Wrong("size", $"is {bytes} bytes, expected 1 to 100,000 pieces of {piece} bytes");
        var image = new Image { Bytes = bytes, PieceBytes = (int)piece, Grain = grain, IsV1 = place.Flag("v1", false) };
        place.End();
        return image;
    }

    private static Seeds ReadSeeds(JsonPlace place, int sites)
    {
        var standard = new Seeds();
        var seeds = new Seeds
        {
            Count = place.Count("count", standard.Count, 1, 1000),
            Site = place.Count("site", 0, 0, sites),
            Up = place.Rate("up", standard.Up),
            Down = place.Rate("down", standard.Down),
            DelayMs = place.Number("delay_ms", 0, 0, 1000),
            MaxPeers = place.CountOrNull("max_peers", 1, MaxNodes),
            UploadSlots = place.CountOrNull("upload_slots", 1, MaxNodes),
            SuperSeeds = place.Flag("super_seeds", false),
        };
        place.End();
        return seeds;
    }

    private static SiteGroup ReadSite(JsonPlace place)
    {
        var standard = new SiteGroup();
        var site = new SiteGroup
        {
            Count = place.Count("count", 1, 1, 10_000),
            Nodes = place.Count("nodes", 1, 1, 10_000),
            LanUp = place.Rate("lan_up", standard.LanUp),
            LanDown = place.Rate("lan_down", standard.LanDown),
            LanBufferMs = place.Number("lan_buffer_ms", standard.LanBufferMs, 1, 10_000),
            WanDown = place.Rate("wan_down", standard.WanDown),
            WanUp = place.Rate("wan_up", standard.WanUp),
            DelayMs = place.Number("wan_delay_ms", 0, 0, 1000),
            BufferMs = place.Number("wan_buffer_ms", standard.BufferMs, 1, 10_000),
            Loss = place.Number("wan_loss", 0, 0, 0.2),
            Foreign = place.Count("foreign", 0, 0, 10_000),
            Limits = place.Has("limits") ? ReadDownLimits(place.Place("limits")) : null,
        };
        if (site.Foreign > site.Nodes)
            throw place.Wrong("foreign", $"is {site.Foreign}, but a site has {site.Nodes} nodes");
        place.End();
        return site;
    }

    private static DownLimits ReadDownLimits(JsonPlace place)
    {
        var limits = new DownLimits
        {
            LanDown = place.Rate("lan_down", 0),
            WanDown = place.Rate("wan_down", 0),
            SiteWanDown = place.Rate("site_wan_down", 0),
        };
        place.End();
        return limits;
    }

    private static Starts ReadStarts(JsonPlace place, Scenario scenario)
    {
        var starts = new Starts
        {
            SpreadSeconds = place.Number("spread_s", new Starts().SpreadSeconds, 0, MaxSeconds),
            Waves = [.. place.Places("waves").Select(ReadWave)],
            Late = [.. place.Places("late").Select(late => ReadLate(late, scenario))],
        };
        place.End();
        return starts;
    }

    private static LateStart ReadLate(JsonPlace place, Scenario scenario)
    {
        if (!place.Has("site") || !place.Has("node"))
            throw place.Wrong(place.Has("site") ? "node" : "site", "is missing");
        var late = new LateStart(
            place.Count("site", 0, 1, scenario.SiteCount),
            place.Count("node", 0, 1, MaxNodes),
            place.Number("at_s", 0, 0, MaxSeconds)
        );
        CheckNode(place, scenario, late.Site, late.Node);
        place.End();
        return late;
    }

    private static Wave ReadWave(JsonPlace place)
    {
        var wave = new Wave(place.Number("at_s", 0, 0, MaxSeconds), place.Number("share", 1, 0, 1), place.Number("spread_s", 1, 0, MaxSeconds));
        place.End();
        return wave;
    }

    private static TrackerPlan ReadTracker(JsonPlace place)
    {
        var standard = new TrackerPlan();
        var tracker = new TrackerPlan
        {
            Peers = place.Count("peers", standard.Peers, 0, 2048),
            IntervalSeconds = place.Number("interval_s", standard.IntervalSeconds, 1, MaxSeconds),
        };
        place.End();
        return tracker;
    }

    private static NodeLimits ReadLimits(JsonPlace place)
    {
        var limits = new NodeLimits
        {
            MaxPeers = place.CountOrNull("max_peers", 1, MaxNodes),
            LanPeers = place.CountOrNull("lan_peers", 0, MaxNodes),
            WanPeers = place.CountOrNull("wan_peers", 0, MaxNodes),
            UploadSlots = place.CountOrNull("upload_slots", 1, MaxNodes),
            NeighbourWaitMs = place.CountOrNull("neighbour_wait_ms", 0, 60_000),
            UsesClaims = place.Flag("claims", true),
        };
        place.End();
        return limits;
    }

    private static Expectation ReadExpectation(JsonPlace place)
    {
        var expectation = new Expectation { WanCopies = place.NumberOrNull("wan_copies", 0, 1000), LastSeconds = place.NumberOrNull("last_s", 0, MaxSeconds) };
        place.End();
        return expectation;
    }

    private static Fault ReadFault(JsonPlace place, Scenario scenario)
    {
        var name = place.Text("kind");
        if (name is null || !Kinds.TryGetValue(name, out var kind))
            throw place.Wrong("kind", $"is {(name is null ? "missing" : $"\"{name}\"")}, expected one of {string.Join(", ", Kinds.Keys)}");
        var fault = new Fault
        {
            Kind = kind,
            AtSeconds = place.Number("at_s", 0, 0, MaxSeconds),
            Site = place.CountOrNull("site", 1, scenario.SiteCount),
            Node = place.CountOrNull("node", 1, MaxNodes),
            Nodes = place.Count("nodes", 1, 1, MaxNodes),
            ForSeconds = place.NumberOrNull("for_s", 0, MaxSeconds),
            UntilSeconds = place.NumberOrNull("until_s", 0, MaxSeconds),
            Rate = place.Rate("rate", 0),
            Skew = place.Number("skew", 0, -0.5, 1),
        };
        if (fault.Node is { } node)
        {
            if (fault.Site is not { } site)
                throw place.Wrong("node", "is given without a site");
            CheckNode(place, scenario, site, node);
        }
        if (kind is FaultKind.SlowDisk or FaultKind.SlowUp or FaultKind.SlowDown && fault.Rate == 0)
            throw place.Wrong("rate", "is missing, expected a rate like \"20mbit\"");
        if (kind == FaultKind.Churn && !(fault.UntilSeconds > fault.AtSeconds))
            throw place.Wrong("until_s", "is missing or not after at_s");
        place.End();
        return fault;
    }

    private static void CheckNode(JsonPlace place, Scenario scenario, int site, int node)
    {
        var nodes = NodesOf(scenario, site);
        if (node > nodes)
            throw place.Wrong("node", $"is {node}, but site {site} has {nodes} nodes");
    }

    private static int NodesOf(Scenario scenario, int site)
    {
        foreach (var group in scenario.Sites)
        {
            if (site <= group.Count)
                return group.Nodes;
            site -= group.Count;
        }
        return 0;
    }
}
