using StatelessSwarm.Sim.Swarms;

namespace StatelessSwarm.Sim.Reports;

/// <summary>What happened at one site.</summary>
internal sealed record SiteReport
{
    /// <summary>Its number.</summary>
    public required int Site { get; init; }

    /// <summary>Its nodes.</summary>
    public required int Nodes { get; init; }

    /// <summary>Payload bytes that came in over the WAN link.</summary>
    public required long WanBytesIn { get; init; }

    /// <summary>The same in copies of the image.</summary>
    public required double WanCopies { get; init; }

    /// <summary>Payload bytes that went out over the WAN link.</summary>
    public required long WanBytesOut { get; init; }

    /// <summary>Blocks that came in over the WAN link although they were here.</summary>
    public required long DuplicateBlocks { get; init; }

    /// <summary>Blocks taken over, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Takeovers { get; init; }

    /// <summary>Longest queue of the WAN link towards the site, in milliseconds.</summary>
    public required double WanQueueMs { get; init; }

    /// <summary>Bytes of HAVE messages its nodes said.</summary>
    public required long HaveBytes { get; init; }

    /// <summary>Bytes of requests, cancels and rejects.</summary>
    public required long RequestBytes { get; init; }

    /// <summary>Bytes of all other messages but blocks.</summary>
    public required long OtherBytes { get; init; }

    /// <summary>How much of these messages left over the WAN link.</summary>
    public required long WanControlBytes { get; init; }

    /// <summary>When its nodes had finished, in virtual seconds.</summary>
    public required Quantiles DoneSeconds { get; init; }

    /// <summary>Looks at a site.</summary>
    public static SiteReport Of(SimSite site, double imageBytes) =>
        new()
        {
            Site = site.Index,
            Nodes = site.Plan.Nodes,
            WanBytesIn = site.PayloadIn,
            WanCopies = site.PayloadIn / imageBytes,
            WanBytesOut = site.PayloadOut,
            DuplicateBlocks = site.Ledger?.Duplicates ?? 0,
            Takeovers = RunReport.TakeoversOf([site]),
            WanQueueMs = site.Down.LongestQueue / 1e6,
            HaveBytes = site.Control.Have,
            RequestBytes = site.Control.Request,
            OtherBytes = site.Control.Other,
            WanControlBytes = site.Control.Wan,
            DoneSeconds = Quantiles.Of(site.Nodes.Where(node => !node.IsSeed && node.DoneAt is not null).Select(node => node.DoneAt!.Value / 1e9)),
        };
}
