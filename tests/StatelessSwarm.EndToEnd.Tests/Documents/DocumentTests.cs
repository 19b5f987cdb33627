using System.Text.RegularExpressions;
using StatelessSwarm.Testing;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.EndToEnd.Tests.Documents;

/// <summary>
/// The documents tell the truth: the shell blocks marked <c>sh run</c> of each page (<c>sh tour</c> in the README) are run as one
/// script, in a directory that holds nothing but a small <c>root-tree</c>, and must succeed; links lead somewhere.
/// </summary>
public sealed partial class DocumentTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string _directory = Directory.CreateTempSubdirectory("ss-docs-").FullName;

    public static TheoryData<string> Pages =>
        ["README.md", "docs/images.md", "docs/publish.md", "docs/torrent.md", "docs/node.md", "docs/limits.md", "docs/update.md", "docs/simulator.md", "docs/chunk-map.md", "docs/boot.md", "docs/trust.md", "docs/closed-swarms.md"];

    public static TheoryData<string> AllPages
    {
        get
        {
            var pages = new TheoryData<string> { "README.md" };
            foreach (var page in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "docs"), "*.md"))
                pages.Add(Path.GetRelativePath(RepositoryRoot.Path, page));
            return pages;
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Commands_RunInOrder_Succeed(string page)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, page));
        var blocks = RunnableBlock().Matches(text);
        Assert.NotEmpty(blocks);
        MakeTree();
        MakePrograms();
        // Mounts of the node under test stay in a mount namespace of its own; background programs end with the script.
        var script = $"""
            set -euo pipefail
            cd {_directory}
            export PATH={_directory}/bin:$PATH XDG_STATE_HOME={_directory}/xdg XDG_RUNTIME_DIR={_directory}/xdg
            trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
            {string.Join('\n', blocks.Select(block => block.Groups["body"].Value))}
            """;
        var (code, output) = await LineProcess.RunAsync(Patience, "unshare", "--mount", "--propagation", "private", "bash", "-c", script);
        Assert.True(code == 0, $"{page}: exit code {code}\n{output}");
    }

    /// <summary>A page that says "this test shows it" names a test there is.</summary>
    [Theory]
    [InlineData("docs/security.md", 60)]
    [InlineData("docs/trust.md", 20)]
    public async Task Tests_NamedByAPage_Exist(string page, int least)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, page));
        var named = NamedTest().Matches(text).Select(match => (Class: match.Groups["class"].Value, Method: match.Groups["method"].Value)).Distinct().ToList();
        Assert.True(named.Count >= least, $"{page} names {named.Count} tests");
        var sources = Directory
            .EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToLookup(path => Path.GetFileNameWithoutExtension(path), File.ReadAllText);
        Assert.DoesNotContain(named, test => !sources[test.Class].Any(source => source.Contains($" {test.Method}(", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(AllPages))]
    public async Task Links_ToFiles_LeadSomewhere(string page)
    {
        var path = Path.Combine(RepositoryRoot.Path, page);
        foreach (Match link in Link().Matches(await File.ReadAllTextAsync(path)))
        {
            var target = link.Groups["target"].Value;
            if (!target.StartsWith("http", StringComparison.Ordinal))
                Assert.True(Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, target)), $"{page}: {target}");
        }
    }

    private void MakeTree()
    {
        var tree = Path.Combine(_directory, "root-tree");
        Directory.CreateDirectory(Path.Combine(tree, "etc"));
        Directory.CreateDirectory(Path.Combine(tree, "usr", "bin"));
        File.WriteAllText(Path.Combine(tree, "etc", "os-release"), "ID=sample\n");
        var random = new byte[600_000];
        new Random(7).NextBytes(random);
        File.WriteAllBytes(Path.Combine(tree, "usr", "bin", "program"), random);
        File.CreateSymbolicLink(Path.Combine(tree, "bin"), "usr/bin");
    }

    private void MakePrograms()
    {
        var bin = Directory.CreateDirectory(Path.Combine(_directory, "bin")).FullName;
        foreach (var (room, program) in new[] { ("Cli", "stateless"), ("Seed", "stateless-seed") })
            File.CreateSymbolicLink(Path.Combine(bin, program), Built(room, program));
        // tools/sim builds before it runs; here it is the built program itself.
        var tools = Directory.CreateDirectory(Path.Combine(_directory, "tools")).FullName;
        File.CreateSymbolicLink(Path.Combine(tools, "sim"), Built("Sim", "StatelessSwarm.Sim"));
        Directory.CreateSymbolicLink(Path.Combine(tools, "scenarios"), Path.Combine(RepositoryRoot.Path, "tools", "scenarios"));
    }

    private static string Built(string room, string program)
    {
        var built = Path.Combine(RepositoryRoot.Path, "artifacts", "bin", $"StatelessSwarm.{room}", "debug", program);
        Assert.True(File.Exists(built), $"{built} is not built");
        return built;
    }

    [GeneratedRegex(@"^```sh (?:run|tour)\n(?<body>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RunnableBlock();

    [GeneratedRegex(@"\]\((?<target>[^)#]+)[^)]*\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"`(?<class>[A-Za-z0-9]+Tests)\.(?<method>[A-Za-z0-9_]+)`", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex NamedTest();
}
