namespace Net.Chaos.Running;

/// <summary>Makes files and folders that only the user can read, where the system knows such rights.</summary>
internal static class OwnerFiles
{
    private const UnixFileMode Read = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    internal static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, Read | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Writes a text beside and moves it over, so that nobody reads half a file.</summary>
    internal static void Write(string path, string text)
    {
        string fresh = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Read;
        }

        using (var writer = new StreamWriter(fresh, options))
        {
            writer.Write(text);
            writer.Write('\n');
        }

        File.Move(fresh, path, overwrite: true);
    }
}
