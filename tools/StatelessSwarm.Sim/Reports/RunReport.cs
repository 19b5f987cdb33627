using System.Text.Json;
using System.Text.Json.Serialization;
using StatelessSwarm.Sim.Invariants;
using StatelessSwarm.Sim.Swarms;

namespace StatelessSwarm.Sim.Reports;

/// <summary>What a run came to. Everything but <see cref="Cost"/> is decided by scenario and seed number.</summary>
internal sealed record RunReport
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        WriteIndented = true,
    };

    /// <summary>Name of the scenario.</summary>
    public required string Scenario { get; init; }

    /// <summary>Seed number.</summary>
    public required long Seed { get; init; }

    /// <summary>Everybody who had to has finished, no rule was broken, and what was expected came true.</summary>
    public required bool IsGood { get; init; }

    /// <summary>Some piece was held by nobody any more, so that nobody could finish.</summary>
    public required bool IsContentLost { get; init; }

    /// <summary>Hash over all that happened: equal for equal runs.</summary>
    public required string Hash { get; init; }

    /// <summary>Nodes that want the image.</summary>
    public required int Nodes { get; init; }

    /// <summary>Virtual seconds simulated.</summary>
    public required double VirtualSeconds { get; init; }

    /// <summary>Events handled.</summary>
    public required long Events { get; init; }

    /// <summary>When nodes had finished, in virtual seconds from the beginning.</summary>
    public required Quantiles DoneSeconds { get; init; }

    /// <summary>How long nodes took from their own start, in virtual seconds.</summary>
    public required Quantiles TakenSeconds { get; init; }

    /// <summary>Payload that the seeds sent, in copies of the image.</summary>
    public required double SeedCopies { get; init; }

    /// <summary>Most copies that any site took in over its WAN link.</summary>
    public required double WanCopiesMax { get; init; }

    /// <summary>Payload bytes that nodes received and threw away.</summary>
    public required long WastedBytes { get; init; }

    /// <summary>Bytes of HAVE messages per byte of payload delivered.</summary>
    public required double HaveShare { get; init; }

    /// <summary>Bytes of all peer messages but blocks per byte of payload delivered.</summary>
    public required double ControlShare { get; init; }

    /// <summary>Blocks taken over, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Takeovers { get; init; }

    /// <summary>Site by site.</summary>
    public required IReadOnlyList<SiteReport> Sites { get; init; }

    /// <summary>Rules that were broken.</summary>
    public required IReadOnlyList<string> Breaches { get; init; }

    /// <summary>What it took to simulate.</summary>
    public required RunCost Cost { get; init; }

    /// <summary>Looks at a swarm whose run is over.</summary>
    public static RunReport Of(SimSwarm swarm, RunCost cost)
    {
        var bytes = (double)swarm.Scenario.Image.Bytes;
        var leechers = swarm.Leechers.ToList();
        var done = leechers.Where(node => node.DoneAt is not null).ToList();
        var sites = swarm.Sites.Where(site => site.Index > 0).Select(site => SiteReport.Of(site, bytes)).ToList();
        var payload = Math.Max(1, swarm.Nodes.Sum(node => (double)node.SentPayload));
        var breaches = swarm.Breaches.Select(breach => breach.ToString()).ToList();
        var wanCopies = sites.Max(site => site.WanCopies);
        var last = done.Count == 0 ? 0 : done.Max(node => node.DoneAt!.Value) / 1e9;
        var expect = swarm.Scenario.Expect;
        if (expect.WanCopies is { } copies && wanCopies > copies)
            breaches.Add($"expected at most {copies} copies over any WAN link, found {wanCopies:f3}");
        if (expect.LastSeconds is { } seconds && last > seconds)
            breaches.Add($"expected the last node to finish within {seconds} s, found {last:f2}");
        return new RunReport
        {
            Scenario = swarm.Scenario.Name,
            Seed = swarm.SeedNumber,
            IsGood = breaches.Count == 0 && (swarm.IsFinished || swarm.IsLost),
            IsContentLost = !swarm.IsFinished && swarm.IsLost,
            Hash = swarm.Hash.ToString(),
            Nodes = leechers.Count,
            VirtualSeconds = swarm.Now / 1e9,
            Events = swarm.Handled,
            DoneSeconds = Quantiles.Of(done.Select(node => node.DoneAt!.Value / 1e9)),
            TakenSeconds = Quantiles.Of(done.Select(node => (node.DoneAt!.Value - node.StartAt) / 1e9)),
            SeedCopies = swarm.Seeds.Sum(seed => seed.SentPayload) / bytes,
            WanCopiesMax = wanCopies,
            WastedBytes = leechers.Sum(node => node.WastedPayload),
            HaveShare = swarm.Sites.Sum(site => site.Control.Have) / payload,
            ControlShare = swarm.Sites.Sum(site => site.Control.Total) / payload,
            Takeovers = TakeoversOf(swarm.Sites),
            Sites = sites,
            Breaches = breaches,
            Cost = cost,
        };
    }

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Format) + "\n";

    /// <summary>Takeovers of sites by the names of their reasons.</summary>
    public static Dictionary<string, long> TakeoversOf(IEnumerable<SimSite> sites)
    {
        var ledgers = sites.Select(site => site.Ledger).OfType<WanLedger>().ToList();
        return Enum.GetValues<TakeoverKind>().ToDictionary(kind => kind.ToString(), kind => ledgers.Sum(ledger => ledger.Takeovers[(int)kind]));
    }
}
