using StatelessSwarm.Sim.Swarms;

namespace StatelessSwarm.Sim.Reports;

/// <summary>The pictures of a run: when nodes finished, what crossed each WAN link, what was said besides blocks.</summary>
internal static class RunPlots
{
    // More lines than these are a smear.
    private const int MostSiteLines = 60;

    /// <summary>Writes them into a folder, which is made if need be.</summary>
    public static void Write(string folder, SimSwarm swarm, RunReport report)
    {
        Directory.CreateDirectory(folder);
        var title = $"{report.Scenario}, seed number {report.Seed}";
        File.WriteAllText(Path.Combine(folder, "completion.svg"), Completion(title, swarm).ToString());
        File.WriteAllText(Path.Combine(folder, "wan.svg"), Wan(title, report).ToString());
        File.WriteAllText(Path.Combine(folder, "messages.svg"), Messages(title, report).ToString());
    }

    private static SvgPlot Completion(string title, SimSwarm swarm)
    {
        var last = swarm.Leechers.Max(node => node.DoneAt ?? 0) / 1e9;
        var plot = new SvgPlot(title, "virtual seconds", "share of nodes that have finished", last * 1.02, 1);
        var sites = swarm.Sites.Where(site => site.Plan.Nodes > 1).ToList();
        if (sites.Count is > 1 and <= MostSiteLines)
        {
            foreach (var site in sites)
                plot.Line(Curve(site.Nodes), 5, strength: 0.6);
            plot.Legend(5, "single sites");
        }
        plot.Line(Curve(swarm.Leechers), 0, "all nodes");
        return plot;
    }

    private static IEnumerable<(double Across, double Up)> Curve(IEnumerable<SimNode> nodes)
    {
        var all = nodes.Where(node => !node.IsSeed).ToList();
        var times = all.Where(node => node.DoneAt is not null).Select(node => node.DoneAt!.Value / 1e9).Order().ToList();
        yield return (0, 0);
        for (var count = 0; count < times.Count; count++)
        {
            yield return (times[count], (double)count / all.Count);
            yield return (times[count], (count + 1.0) / all.Count);
        }
    }

    private static SvgPlot Wan(string title, RunReport report)
    {
        var most = Math.Max(1, report.WanCopiesMax) * 1.1;
        var plot = new SvgPlot(title, "site", "payload over the WAN link, in copies of the image", report.Sites.Count, most);
        foreach (var site in report.Sites)
            plot.Bar(site.Site - 0.9, site.Site - 0.1, 0, site.WanCopies, 0);
        plot.Line([(0, 1), (report.Sites.Count, 1)], 1, "one copy", 1);
        return plot;
    }

    private static SvgPlot Messages(string title, RunReport report)
    {
        const double Mebi = 1048576;
        var most = report.Sites.Max(site => site.HaveBytes + site.RequestBytes + site.OtherBytes) / Mebi * 1.1;
        var plot = new SvgPlot(title, "site", "messages other than blocks, MiB", report.Sites.Count, most);
        foreach (var site in report.Sites)
        {
            var have = site.HaveBytes / Mebi;
            var request = have + site.RequestBytes / Mebi;
            plot.Bar(site.Site - 0.9, site.Site - 0.1, 0, have, 0);
            plot.Bar(site.Site - 0.9, site.Site - 0.1, have, request, 1);
            plot.Bar(site.Site - 0.9, site.Site - 0.1, request, request + site.OtherBytes / Mebi, 2);
        }
        plot.Legend(0, "HAVE");
        plot.Legend(1, "requests");
        plot.Legend(2, "claims and the rest");
        return plot;
    }
}
