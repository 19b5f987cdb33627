namespace StatelessSwarm.Architecture.Tests;

/// <summary>The rooms of the house and which of them each may know: docs/design.md section 4, closed over its arrows.</summary>
internal static class Rooms
{
    public const string Prefix = "StatelessSwarm.";

    /// <summary>Room -> rooms it may refer to.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> MayKnow = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["Content"] = [],
        ["Platform"] = [],
        ["Discovery"] = [],
        ["Trust"] = ["Content"],
        ["Engine"] = ["Content"],
        ["Swarm"] = ["Engine", "Content"],
        ["Roots"] = ["Trust", "Platform", "Content"],
        ["Node"] = ["Roots", "Swarm", "Discovery", "Trust", "Platform", "Engine", "Content"],
        ["Seed"] = ["Swarm", "Discovery", "Trust", "Engine", "Content"],
        ["Cli"] = ["Node", "Roots", "Swarm", "Discovery", "Trust", "Platform", "Engine", "Content"],
    };

    /// <summary>Names of all rooms.</summary>
    public static IEnumerable<string> All => MayKnow.Keys;

    /// <summary>The assembly file of a room.</summary>
    public static string AssemblyOf(string room) => room switch
    {
        "Cli" => "stateless",
        "Seed" => "stateless-seed",
        _ => Prefix + room,
    };

    /// <summary>The room an assembly belongs to, or null for an assembly that is not ours.</summary>
    public static string? RoomOf(string assembly) => All.FirstOrDefault(room => AssemblyOf(room) == assembly);

    /// <summary>One row per room, for theories.</summary>
    public static TheoryData<string> Rows => [.. All];
}
