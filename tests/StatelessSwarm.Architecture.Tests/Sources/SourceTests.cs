namespace StatelessSwarm.Architecture.Tests.Sources;

public sealed class SourceTests
{
    /// <summary>Rule name, path and text of a file that breaks it. The texts are put together so that this file does not break it too.</summary>
    public static TheoryData<string, string, string> Violations => new()
    {
        { "a folder is a concept, not a kind", "src/StatelessSwarm.Engine/Helpers/Pick.cs", "" },
        { "a folder is a concept, not a kind", "tests/StatelessSwarm.Engine.Tests/utils/Pick.cs", "" },
        { "no file over 800 lines", "src/StatelessSwarm.Engine/Pick.cs", new string('\n', 801) },
        { "file-scoped namespaces equal folders", "src/StatelessSwarm.Engine/Picking/Pick.cs", "namespace StatelessSwarm.Engine;\n" },
        { "file-scoped namespaces equal folders", "src/StatelessSwarm.Engine/Pick.cs", "namespace StatelessSwarm.Engine\n{\n    class Pick\n    {\n    }\n}\n" },
        { "no unfinished work", "src/StatelessSwarm.Engine/Pick.cs", "// TO" + "DO: later\n" },
        { "no unfinished work", "tools/demo", "# FIX" + "ME\n" },
        { "no unfinished work", "src/StatelessSwarm.Engine/Pick.cs", "throw new NotImplemented" + "Exception();\n" },
        { "no blocking sleep", "src/StatelessSwarm.Engine/Pick.cs", "Thread" + ".Sleep(5);\n" },
        { "no async method that cannot be awaited", "src/StatelessSwarm.Engine/Pick.cs", "public async" + " void Go()\n" },
        { "no test that is left out", "tests/StatelessSwarm.Engine.Tests/PickTests.cs", "[Fact(Skip" + " = \"slow\")]\n" },
        { "no test that is left out", "tests/StatelessSwarm.Engine.Tests/PickTests.cs", "Assert" + ".Skip(\"slow\");\n" },
        { "no path of one machine", "tools/demo", "cp /wo" + "rk/shared/x .\n" },
        { "no path of one machine", "src/StatelessSwarm.Node/Paths.cs", "\"/ho" + "me/me/state\"\n" },
        { "unsafe code only in Platform", "src/StatelessSwarm.Engine/Pick.cs", "    private un" + "safe static int Go()\n" },
        { "unsafe code only in Platform", "src/StatelessSwarm.Engine/X.csproj", "<AllowUnsafe" + "Blocks>true</AllowUnsafe" + "Blocks>\n" },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public void Rule_FileThatBreaksIt_Fires(string rule, string path, string text) =>
        Assert.NotEmpty(Rule(rule).Check(new SourceFile(path, text)));

    [Fact]
    public void Rules_All_HaveASampleThatFires() =>
        Assert.Equal(
            SourceRule.All.Select(rule => rule.Name).Order(StringComparer.Ordinal),
            Violations.Select(row => row.Data.Item1).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Rules_OrdinaryFile_AreSilent()
    {
        SourceFile file = new("src/StatelessSwarm.Engine/Picking/Pick.cs",
            "using System;\n\nnamespace StatelessSwarm.Engine.Picking;\n\n/// <summary>Skips nothing; /var/lib/stateless is fine.</summary>\nclass Pick;\n");
        Assert.Empty(SourceRule.All.SelectMany(rule => rule.Check(file)));
    }

    [Fact]
    public void Namespaces_FileOfAssemblyAttributesOnly_NeedsNone() =>
        Assert.Empty(Rule("file-scoped namespaces equal folders").Check(
            new SourceFile("src/StatelessSwarm.Platform/Marshalling.cs", "using System;\n\n[assembly: CLSCompliant(false)]\n")));

    [Fact]
    public void Repository_EveryWrittenFile_KeepsEveryRule()
    {
        string[] broken = [.. SourceFile.All().SelectMany(file => SourceRule.All.SelectMany(rule => rule.Check(file)))];
        Assert.True(broken.Length == 0, string.Join(Environment.NewLine, broken.Take(100)));
    }

    [Fact]
    public void Repository_WrittenFiles_AreFound()
    {
        string[] paths = [.. SourceFile.All().Select(file => file.Path)];
        Assert.Contains("tests/StatelessSwarm.Architecture.Tests/Sources/SourceTests.cs", paths);
        Assert.Contains("testbed/lab.py", paths);
        Assert.Contains("tools/test", paths);
        Assert.DoesNotContain(paths, path => path.Contains("/obj/", StringComparison.Ordinal));
    }

    private static SourceRule Rule(string name) => SourceRule.All.Single(rule => rule.Name == name);
}
