using StatelessSwarm.Fuzz.Targets;
using StatelessSwarm.Testing;

namespace StatelessSwarm.Fuzz.Running;

/// <summary>The corpus of a target: every file of <c>tests/StatelessSwarm.Fuzz/Corpus/NAME</c>, in the order of their names.</summary>
public static class FuzzCorpus
{
    /// <summary>The folder of a target.</summary>
    public static string FolderOf(FuzzTarget target) =>
        Path.Combine(RepositoryRoot.Path, "tests", "StatelessSwarm.Fuzz", "Corpus", target.Name);

    /// <summary>Names and bytes of all entries.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> Read(FuzzTarget target)
    {
        var folder = FolderOf(target);
        if (!Directory.Exists(folder))
            return [];
        return
        [
            .. Directory.EnumerateFiles(folder)
                .Order(StringComparer.Ordinal)
                .Select(path => (Path.GetFileName(path), File.ReadAllBytes(path))),
        ];
    }

    /// <summary>Writes what the target's writers make, next to what is there.</summary>
    public static int WriteSeeds(FuzzTarget target)
    {
        var folder = Directory.CreateDirectory(FolderOf(target)).FullName;
        var count = 0;
        foreach (var (name, bytes) in target.Seeds())
        {
            File.WriteAllBytes(Path.Combine(folder, $"seed-{name}"), bytes);
            count++;
        }
        return count;
    }

    /// <summary>Writes an input that broke the target, as an entry to be committed with the fix; returns its path.</summary>
    public static string WriteCrash(FuzzTarget target, byte[] input)
    {
        var folder = Directory.CreateDirectory(FolderOf(target)).FullName;
        var name = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input))[..12];
        var path = Path.Combine(folder, $"crash-{name}");
        File.WriteAllBytes(path, input);
        return path;
    }
}
