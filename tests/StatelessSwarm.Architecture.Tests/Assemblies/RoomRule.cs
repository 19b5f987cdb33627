namespace StatelessSwarm.Architecture.Tests.Assemblies;

/// <summary>Something rooms must not refer to: a row of the table of rooms, as data.</summary>
/// <param name="Name">What the rule keeps, in words.</param>
/// <param name="Allowed">The rooms that may; all others must not.</param>
/// <param name="Find">The offending names in an assembly's facts.</param>
internal sealed record RoomRule(string Name, string[] Allowed, Func<AssemblyFacts, IEnumerable<string>> Find)
{
    private static readonly string[] Everywhere = [.. Rooms.All];

    /// <summary>All rules.</summary>
    public static readonly IReadOnlyList<RoomRule> All =
    [
        new("P/Invoke only in Platform", ["Platform"], facts => facts.Imports),
        new("the signature library only in Trust", ["Trust"], facts => References(facts, "BouncyCastle.")),
        new("the web server only in Seed", ["Seed"], facts => References(facts, "Microsoft.AspNetCore.")),
        new("the terminal only in executables", ["Cli", "Seed"], facts => References(facts, "Spectre.Console", "System.CommandLine")),
        new("hosting only where programs are composed", ["Node", "Cli", "Seed"], facts => References(facts, "Microsoft.Extensions.Hosting")),
        new("no logging in Content, Trust, Engine and Platform", Except("Content", "Trust", "Engine", "Platform"),
            facts => References(facts, "Microsoft.Extensions.Logging")),
        new("no sockets in Content, Trust, Engine and Roots", Except("Content", "Trust", "Engine", "Roots"),
            facts => Types(facts, "System.Net.Sockets.", "System.Net.Security.")),
        new("no HTTP client below Swarm", ["Swarm", "Node", "Seed", "Cli"], facts => Types(facts, "System.Net.Http.")),
        new("no tasks in Engine", Except("Engine"), facts => Types(facts, "System.Threading.Tasks.", "System.Runtime.CompilerServices.Async",
            "System.Threading.Timer", "System.Threading.Thread", "System.Threading.Channels.")),
        new("no files in Engine", Except("Engine"), facts => Types(facts, "System.IO.File", "System.IO.Directory", "System.IO.RandomAccess",
            "Microsoft.Win32.SafeHandles.SafeFileHandle")),
        new("no tasks of its own in Content", Except("Content"), facts => Members(facts, "System.Threading.Tasks.Task::Run",
            "System.Threading.Tasks.TaskFactory::StartNew", "System.Threading.Thread::.ctor")),
        new("no clock in Content", Except("Content"), facts => Types(facts, "System.TimeProvider", "System.Diagnostics.Stopwatch")),
        new("Content and Trust choose no paths", Except("Content", "Trust"), facts => Members(facts, "System.IO.Path::GetTempPath",
            "System.IO.Path::GetTempFileName", "System.Environment::GetFolderPath", "System.IO.Directory::GetCurrentDirectory")),
        new("MessagePack by reader and writer only, no reflection", [], facts => Types(facts, "MessagePack.MessagePackSerializer",
            "MessagePack.Resolvers.")),
        new("no wall clock beside TimeProvider", [], facts => Members(facts, "System.DateTime::get_UtcNow", "System.DateTime::get_Now",
            "System.DateTimeOffset::get_UtcNow", "System.DateTimeOffset::get_Now")),
        new("no randomness that cannot be seeded", [], facts => Members(facts, "System.Random::get_Shared")),
    ];

    /// <summary>The violations of this rule by one room.</summary>
    public IEnumerable<string> Check(string room, AssemblyFacts facts) =>
        Allowed.Contains(room, StringComparer.Ordinal) ? [] : Find(facts).Select(name => $"{room}: {Name}, yet it refers to {name}");

    /// <summary>References from a room to a room it may not know.</summary>
    public static IEnumerable<string> CheckDirection(string room, AssemblyFacts facts) =>
        facts.References.Select(Rooms.RoomOf).OfType<string>()
            .Where(other => !Rooms.MayKnow[room].Contains(other, StringComparer.Ordinal))
            .Select(other => $"{room} refers to {other}, which it may not know");

    public override string ToString() => Name;

    private static string[] Except(params string[] rooms) => [.. Everywhere.Except(rooms, StringComparer.Ordinal)];

    private static IEnumerable<string> References(AssemblyFacts facts, params string[] starts) => Starting(facts.References, starts);

    private static IEnumerable<string> Types(AssemblyFacts facts, params string[] starts) => Starting(facts.Types, starts);

    private static IEnumerable<string> Members(AssemblyFacts facts, params string[] names) => names.Where(facts.Members.Contains);

    private static IEnumerable<string> Starting(IEnumerable<string> names, string[] starts) =>
        names.Where(name => starts.Any(start => name.StartsWith(start, StringComparison.Ordinal)));
}
