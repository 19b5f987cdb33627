using System.Xml.Linq;

namespace StatelessSwarm.Architecture.Tests.Projects;

/// <summary>What the project files say, used or not: references between rooms, packages, read-me and lock file.</summary>
public sealed class ProjectTests
{
    /// <summary>Package (by its beginning) -> rooms whose project file may name it; a package that is not here may not be named at all.</summary>
    private static readonly Dictionary<string, string[]> PackagesOf = new(StringComparer.Ordinal)
    {
        ["BouncyCastle.Cryptography"] = ["Trust"],
        ["MessagePack"] = ["Content"],
        ["Microsoft.Extensions.Hosting"] = ["Node"],
        ["Microsoft.Extensions.Hosting.Systemd"] = ["Node"],
        ["Microsoft.Extensions.Logging.Abstractions"] = ["Swarm", "Discovery", "Roots", "Node"],
        ["Spectre.Console"] = ["Cli"],
        ["System.CommandLine"] = ["Cli", "Seed"],
    };

    public static TheoryData<string> AllRooms => Rooms.Rows;

    [Theory]
    [MemberData(nameof(AllRooms))]
    public void Project_OfARoom_NamesOnlyWhatItMay(string room) =>
        Assert.Empty(Check(room, XDocument.Parse(Repository.Read(ProjectPath(room)))));

    [Fact]
    public void Check_ProjectThatNamesTooMuch_ReportsEach()
    {
        XDocument project = XDocument.Parse("""
            <Project><ItemGroup>
              <ProjectReference Include="../StatelessSwarm.Swarm/StatelessSwarm.Swarm.csproj" />
              <ProjectReference Include="../StatelessSwarm.Content/StatelessSwarm.Content.csproj" />
              <PackageReference Include="Spectre.Console" />
              <PackageReference Include="Newtonsoft.Json" />
            </ItemGroup></Project>
            """);
        Assert.Equal(["Engine may not name Swarm", "Engine may not name Spectre.Console", "Engine may not name Newtonsoft.Json"], Check("Engine", project));
    }

    [Fact]
    public void Rooms_InTheTable_AreTheProjectsInSrc() =>
        Assert.Equal(
            Rooms.All.Order(StringComparer.Ordinal),
            Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src"), Rooms.Prefix + "*")
                .Select(path => Path.GetFileName(path)[Rooms.Prefix.Length..]).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(AllRooms))]
    public void Room_OpensWith_AReadMe(string room)
    {
        string path = Path.Combine(Repository.Root, "src", Rooms.Prefix + room, "README.md");
        Assert.True(File.Exists(path), $"{room} has no README.md");
        Assert.True(new FileInfo(path).Length > 400, $"{room}'s README.md says next to nothing");
    }

    [Fact]
    public void Projects_All_HaveALockFileAndStandInTheSolution()
    {
        string solution = Repository.Read("StatelessSwarm.sln").Replace('\\', '/');
        foreach (string path in new[] { "src", "tests", "tools" }.SelectMany(folder => Repository.Files(folder, "*.csproj")))
        {
            Assert.Contains(path, solution, StringComparison.Ordinal);
            Assert.True(File.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(path)!, "packages.lock.json")), path + " has no lock file");
        }
    }

    [Fact]
    public void Projects_OfSrc_ReferToNothingOutsideSrc() =>
        Assert.All(
            Repository.Files("src", "*.csproj"),
            path => Assert.DoesNotContain(References(XDocument.Parse(Repository.Read(path))), reference =>
                reference.Contains("testbed", StringComparison.Ordinal) || reference.Contains("tests", StringComparison.Ordinal)));

    private static IEnumerable<string> Check(string room, XDocument project)
    {
        IEnumerable<string> rooms = References(project)
            .Select(path => Path.GetFileNameWithoutExtension(path)[Rooms.Prefix.Length..])
            .Where(other => !Rooms.MayKnow[room].Contains(other, StringComparer.Ordinal));
        IEnumerable<string> packages = Included(project, "PackageReference")
            .Where(package => !PackagesOf.TryGetValue(package, out string[]? rooms) || !rooms.Contains(room, StringComparer.Ordinal));
        return rooms.Concat(packages).Select(what => $"{room} may not name {what}");
    }

    private static IEnumerable<string> References(XDocument project) => Included(project, "ProjectReference");

    private static IEnumerable<string> Included(XDocument project, string element) =>
        project.Descendants(element).Select(item => (string)item.Attribute("Include")!);

    private static string ProjectPath(string room) => $"src/{Rooms.Prefix}{room}/{Rooms.Prefix}{room}.csproj";
}
