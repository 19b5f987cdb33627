using System.Diagnostics;
using System.Globalization;
using StatelessSwarm.Sim;
using StatelessSwarm.Sim.Reports;
using StatelessSwarm.Sim.Scenarios;
using StatelessSwarm.Sim.Swarms;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(Arguments.Help);
    return 0;
}
if (Arguments.Read(args, out var error) is not { } arguments)
{
    Console.Error.WriteLine($"sim: {error}");
    return 2;
}
try
{
    return arguments.Faults is { } count ? RunFaults(arguments, count) : RunOne(arguments);
}
catch (Exception fault) when (fault is ScenarioException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"sim: {fault.Message}");
    return 2;
}

static int RunOne(Arguments arguments)
{
    var scenario = ScenarioReader.ReadFile(arguments.Scenario!);
    if (arguments.Deadline is { } deadline)
        scenario = scenario with { DeadlineSeconds = deadline };
    var (swarm, report) = Simulate(scenario, arguments.Seed, arguments.Threads, arguments.IsQuiet, arguments.Trace, arguments.GoesOn);
    if (arguments.Json == "-")
        Console.Write(report.ToJson());
    else
        Print(report);
    if (arguments.Json is { } file and not "-")
        File.WriteAllText(file, report.ToJson());
    if (arguments.Plots is { } folder)
        RunPlots.Write(folder, swarm, report);
    foreach (var breach in report.Breaches.Take(20))
        Console.Error.WriteLine($"sim: {scenario.Name}, seed number {arguments.Seed}: {breach}");
    return report.IsGood ? 0 : 1;
}

static int RunFaults(Arguments arguments, int count)
{
    var failed = new List<long>();
    var takeovers = new Dictionary<string, long>();
    var lost = 0;
    for (var place = 0; place < count; place++)
    {
        var seed = arguments.FirstSeed + place;
        var scenario = FaultDraw.Make(seed);
        var (_, report) = Simulate(scenario, seed, arguments.Threads, true, arguments.Trace, arguments.GoesOn);
        lost += report.IsContentLost ? 1 : 0;
        foreach (var (reason, blocks) in report.Takeovers)
            takeovers[reason] = takeovers.GetValueOrDefault(reason) + blocks;
        if (!report.IsGood)
            failed.Add(seed);
        foreach (var breach in report.Breaches.Take(3))
            Console.Error.WriteLine($"sim: {scenario.Name}, seed number {seed}: {breach}");
        if (!arguments.IsQuiet)
        {
            var faults = string.Join(' ', scenario.Faults.Select(fault => ScenarioReader.NameOf(fault.Kind)));
            Console.WriteLine(
                $"{(report.IsGood ? "good" : "BAD ")} {seed,6}  {report.Nodes,4} nodes  {report.DoneSeconds.Last,8:f1} s  copies {report.WanCopiesMax:f3}  {report.Cost.WallSeconds,5:f1} s real  {faults}"
            );
        }
    }
    Console.WriteLine($"{count - failed.Count} good, {failed.Count} bad, {lost} of them lost content; blocks taken over: {Words(takeovers)}");
    if (failed.Count > 0)
        Console.WriteLine($"seed numbers for tests/StatelessSwarm.Simulation.Tests/Faults/regressions.txt: {string.Join(' ', failed)}");
    return failed.Count == 0 ? 0 : 1;
}

static (SimSwarm Swarm, RunReport Report) Simulate(Scenario scenario, long seed, int threads, bool isQuiet, string? trace, bool goesOn)
{
    var time = TimeProvider.System;
    var started = time.GetTimestamp();
    using var process = Process.GetCurrentProcess();
    var processorBefore = process.TotalProcessorTime;
    var swarm = new SimSwarm(scenario, seed);
    if (trace is not null)
    {
        var watched = swarm.Nodes.FirstOrDefault(node => node.Name == trace) ?? throw new ScenarioException($"--trace: there is no node {trace}");
        watched.Trace = Console.Error.WriteLine;
    }
    var shown = 0.0;
    swarm.Run(
        threads,
        running =>
        {
            var wall = time.GetElapsedTime(started).TotalSeconds;
            if (isQuiet || wall - shown < 5)
                return;
            shown = wall;
            Console.Error.WriteLine(
                $"{wall,6:f0} s: {running.Now / 1e9,8:f1} virtual s, {running.FinishedNodes} of {scenario.NodeCount} nodes done, {running.Handled / 1e6:f1} million events, {Environment.WorkingSet >> 20} MiB"
            );
        },
        goesOn
    );
    process.Refresh();
    var cost = new RunCost(
        time.GetElapsedTime(started).TotalSeconds,
        (process.TotalProcessorTime - processorBefore).TotalSeconds,
        process.PeakWorkingSet64 >> 20,
        threads
    );
    return (swarm, RunReport.Of(swarm, cost));
}

static void Print(RunReport report)
{
    var done = report.DoneSeconds;
    Console.WriteLine($"{report.Scenario}, seed number {report.Seed}: {(report.IsGood ? "good" : "BAD")}");
    Console.WriteLine($"  nodes done      {done.Count} of {report.Nodes}: first {done.First:f2} s, half {done.P50:f2}, 99 % {done.P99:f2}, last {done.Last:f2}");
    Console.WriteLine($"  own time        half {report.TakenSeconds.P50:f2} s, last {report.TakenSeconds.Last:f2}");
    Console.WriteLine($"  WAN copies      at most {report.WanCopiesMax:f4} into a site; the seeds sent {report.SeedCopies:f3}");
    Console.WriteLine($"  taken over      {Words(report.Takeovers)} blocks; {report.Sites.Sum(site => site.DuplicateBlocks)} came in twice; {report.WastedBytes} bytes thrown away");
    Console.WriteLine($"  messages        {100 * report.ControlShare:f3} % of payload, HAVE {100 * report.HaveShare:f3} %");
    Console.WriteLine($"  events          {report.Events}, hash {report.Hash}");
    Console.WriteLine(
        $"  cost            {report.Cost.WallSeconds:f1} s, {report.Cost.CpuSeconds:f1} CPU s, {report.Cost.MemoryMib} MiB, {report.Events / Math.Max(0.001, report.Cost.WallSeconds):f0} events/s"
    );
}

static string Words(IEnumerable<KeyValuePair<string, long>> takeovers)
{
    var some = takeovers.Where(pair => pair.Value > 0).Select(pair => $"{pair.Value} {pair.Key.ToLowerInvariant()}").ToList();
    return some.Count == 0 ? "0" : string.Join(", ", some);
}
