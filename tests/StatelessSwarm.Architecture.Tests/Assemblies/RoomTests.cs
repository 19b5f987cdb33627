using StatelessSwarm.Architecture.Tests.Samples;

namespace StatelessSwarm.Architecture.Tests.Assemblies;

public sealed class RoomTests
{
    public static TheoryData<string> AllRooms => Rooms.Rows;

    [Theory]
    [MemberData(nameof(AllRooms))]
    public void Room_Compiled_KnowsOnlyTheRoomsBelowIt(string room) =>
        Assert.Empty(RoomRule.CheckDirection(room, FactsOf(room)));

    [Theory]
    [MemberData(nameof(AllRooms))]
    public void Room_Compiled_TouchesOnlyWhatItMay(string room)
    {
        AssemblyFacts facts = FactsOf(room);
        Assert.Empty(RoomRule.All.SelectMany(rule => rule.Check(room, facts)));
    }

    [Fact]
    public void Direction_EngineThatKnowsSwarm_IsReported()
    {
        AssemblyFacts facts = AssemblyFacts.None with { References = ["StatelessSwarm.Swarm", "StatelessSwarm.Content", "stateless-seed"] };
        Assert.Equal(
            ["Engine refers to Seed, which it may not know", "Engine refers to Swarm, which it may not know"],
            RoomRule.CheckDirection("Engine", facts).Order(StringComparer.Ordinal));
    }

    /// <summary>Reads this test assembly, whose sample does everything that is forbidden somewhere, and expects every rule to see it.</summary>
    [Fact]
    public void Rules_AssemblyThatBreaksThemAll_EachFires()
    {
        AssemblyFacts read = AssemblyFacts.Read(typeof(Forbidden).Assembly.Location);
        // Libraries this test project does not use stand in by name.
        AssemblyFacts facts = read with
        {
            References = read.References.Union(["BouncyCastle.Cryptography", "Microsoft.AspNetCore.Http", "Spectre.Console",
                "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging.Abstractions"]),
            Types = read.Types.Add("MessagePack.MessagePackSerializer"),
        };
        foreach (RoomRule rule in RoomRule.All)
        {
            string room = Rooms.All.First(name => !rule.Allowed.Contains(name, StringComparer.Ordinal));
            Assert.True(rule.Check(room, facts).Any(), $"'{rule.Name}' did not fire");
            Assert.All(rule.Allowed, allowed => Assert.Empty(rule.Check(allowed, facts)));
        }
    }

    [Fact]
    public void Facts_OfTheSample_NameImportsTypesAndMembers()
    {
        AssemblyFacts facts = AssemblyFacts.Read(typeof(Forbidden).Assembly.Location);
        Assert.Contains("libc!getpid", facts.Imports);
        Assert.Contains("System.Net.Sockets.Socket", facts.Types);
        Assert.Contains("System.Threading.Tasks.Task::Run", facts.Members);
        Assert.Contains("System.Collections.Generic.List`1::Add", facts.Members);
        Assert.Contains("System.Reflection.Metadata", facts.References);
    }

    private static AssemblyFacts FactsOf(string room) =>
        AssemblyFacts.Read(Path.Combine(AppContext.BaseDirectory, Rooms.AssemblyOf(room) + ".dll"));
}
